/**
 * Where a blob stands in the bucket. The name tells its state, so that a listing tells it too and a lifecycle rule can
 * expire what was abandoned:
 *
 *   tmp/<key>      written, or sent by a client, and not promoted
 *   blobs/<key>    permanent. It is what the key means, whatever stands under tmp/
 */
export const TEMPORARY_PREFIX = 'tmp/';
export const PERMANENT_PREFIX = 'blobs/';

export function temporaryName(key: string): string {
  return TEMPORARY_PREFIX + key;
}

export function permanentName(key: string): string {
  return PERMANENT_PREFIX + key;
}
