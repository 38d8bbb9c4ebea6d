/** What a caller of `BlobStore` must keep, checked the same way by every adapter. */
import { invariant, Problem } from '../errors.ts';
import { limits } from '../limits.ts';
import { isBlobKey } from './blob-keys.ts';
import type { BlobRange } from './blob-store.ts';

export interface BlobWrite {
  readonly contentType: string;
  readonly bytesMax: number;
}

export function checkBlobWrite(key: string, { contentType, bytesMax }: BlobWrite): void {
  invariant(isBlobKey(key), 'a blob key has another form');
  invariant(/^[\x20-\x7e]+$/.test(contentType), 'a content type is printable ASCII');
  invariant(contentType.length <= limits.blobContentTypeCharacters, 'a content type is too long');
  invariant(Number.isSafeInteger(bytesMax) && bytesMax >= 0, 'bytesMax is not a number of bytes');
}

export function checkBlobRemoval(keys: readonly string[]): void {
  invariant(keys.length <= limits.blobsRemovedMax, 'too many blobs are removed at once');
}

export function tooLarge(bytesMax: number): Problem {
  return new Problem('payload-too-large', { detail: `At most ${bytesMax} bytes are taken here.` });
}

/** The range that is there: clipped to the blob's end, `count` 0 when it begins behind it. */
export function clipRange(range: BlobRange | undefined, bytes: number): { start: number; count: number } {
  if (range === undefined) return { start: 0, count: bytes };
  const { start, end } = range;
  invariant(Number.isSafeInteger(start) && Number.isSafeInteger(end), 'a range is in whole bytes');
  invariant(start >= 0 && end >= start, 'a range begins at or after 0 and ends where it begins or later');
  return { start, count: Math.max(0, Math.min(end + 1, bytes) - start) };
}

/** A temporary blob that nobody promoted in time counts as not there. */
export function blobExpired(state: 'temporary' | 'permanent', writtenAtMs: number, nowMs: number): boolean {
  return state === 'temporary' && writtenAtMs + limits.temporaryBlobRetentionMs <= nowMs;
}
