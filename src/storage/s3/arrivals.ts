/** Bucket notifications, as S3 and its likes send them: which temporary blobs have just arrived. */
import { isBlobKey } from '../blob-keys.ts';
import { TEMPORARY_PREFIX } from './object-names.ts';

/** Keys of the blobs that clients sent into `bucket`. Empty for anything that is not such a notification. */
export function arrivalsIn(notification: unknown, bucket: string): string[] {
  const records = field(notification, 'Records');
  if (!Array.isArray(records)) return [];
  return [...new Set(records.flatMap((record: unknown) => arrivalOf(record, bucket)))];
}

function arrivalOf(record: unknown, bucket: string): string[] {
  const event = field(record, 'eventName');
  const s3 = field(record, 's3');
  const name = field(field(s3, 'object'), 'key');
  if (typeof event !== 'string' || !/^(?:s3:)?ObjectCreated:/.test(event) || typeof name !== 'string') return [];
  if (field(field(s3, 'bucket'), 'name') !== bucket) return [];
  const key = decoded(name);
  if (!key.startsWith(TEMPORARY_PREFIX)) return [];
  const blobKey = key.slice(TEMPORARY_PREFIX.length);
  return isBlobKey(blobKey) ? [blobKey] : [];
}

/** Names come form-encoded; what is not is no name of ours. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return '';
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
