/** What an object's headers say about the blob. */
import { type BlobInfo } from '../blob-store.ts';

/** When the blob was written, by the writer's clock: a copy keeps it, and the server's own time is in whole seconds. */
export const WRITTEN_HEADER = 'x-amz-meta-written-at-ms';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export function blobInfo(key: string, state: BlobInfo['state'], headers: Headers): BlobInfo {
  const text = (name: string): string => String(headers[name] ?? '');
  const total = /\/(\d+)$/.exec(text('content-range'))?.[1] ?? text('content-length');
  const writtenAtMs = Number(text(WRITTEN_HEADER) || Date.parse(text('last-modified')));
  return { key, bytes: Number(total), contentType: text('content-type'), state, writtenAtMs };
}
