/** Whether a blob still has a reason to be there. Pure. */
import { assertNever } from '../assert-never.ts';
import { limits } from '../limits.ts';
import type { ListedBlob } from '../storage/blob-store.ts';
import type { RowOf } from '../storage/table.ts';
import type { media } from '../storage/tables/posts.ts';
import { originalKey, parseMediaKey } from './media-keys.ts';

export type BlobVerdict = 'needed' | 'orphan' | 'expired';

export interface BlobFacts {
  /** The media row that the blob's key leads to. */
  readonly row: RowOf<typeof media> | null;
  /** Whether the post that the row belongs to is there; true for what belongs to none. */
  readonly hasPost: boolean;
}

/** Its draft waited for other photos, which never came: it is gone, and nothing leads to this one any more. */
export function isAbandoned({ row, hasPost }: BlobFacts, nowMs: number): boolean {
  return row !== null && !hasPost && nowMs >= row.createdAtMs + limits.draftRetentionMs;
}

/** The grace covers writers that are between blob and row. */
export function judgeBlob(blob: ListedBlob, facts: BlobFacts, nowMs: number, graceMs: number): BlobVerdict {
  const { row } = facts;
  const ageMs = nowMs - blob.writtenAtMs;
  const orphan: BlobVerdict = ageMs >= graceMs ? 'orphan' : 'needed';
  const key = parseMediaKey(blob.key);
  // A row that the key does not lead to by its whole prefix says nothing about the blob.
  if (key === null || row === null || key.blobPrefix !== row.blobPrefix) return orphan;
  if (isAbandoned(facts, nowMs)) return 'expired';
  const isOriginal = blob.key === originalKey(row.blobPrefix);
  switch (row.state) {
    case 'pending':
      if (!isOriginal) return orphan;
      return nowMs < row.createdAtMs + limits.draftRetentionMs ? 'needed' : 'expired';
    case 'uploaded':
    case 'viewable':
      return 'needed';
    case 'ready':
      return row.renditions.some((rendition) => rendition.blobKey === blob.key) ? 'needed' : orphan;
    case 'failed':
      return isOriginal && ageMs < limits.quarantineRetentionMs ? 'needed' : isOriginal ? 'expired' : orphan;
    case 'gone':
      return orphan;
    default:
      return assertNever(row.state);
  }
}
