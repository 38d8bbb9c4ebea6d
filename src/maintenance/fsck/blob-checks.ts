/** Each blob belongs to a row, and each photograph that a row names is there. */
import type { BlobReconciler } from '../../media/blob-reconciler.ts';
import { originalKey, parseMediaKey } from '../../media/media-keys.ts';
import { limits } from '../../limits.ts';
import type { BlobStore, ListedBlob } from '../../storage/blob-store.ts';
import type { MediaRow } from '../../storage/repositories/posts.ts';
import { media } from '../../storage/tables/posts.ts';
import type { Check, FsckContext } from './check.ts';

export function orphanCheck(
  { blobs, inUse, pending }: FsckContext,
  reconciler: Pick<BlobReconciler, 'judge' | 'discard'>,
): Check<ListedBlob> {
  // With no server running nothing is between a blob and its row.
  const graceMs = inUse ? limits.blobGraceMs : 0;
  return {
    kind: 'orphan-blob',
    candidates: () => blobs.list(),
    async examine({ key }) {
      const blob = await blobs.stat(key);
      const [judged] = blob === null ? [] : await reconciler.judge([blob], graceMs);
      // What merely ran out is tidied by servers every hour.
      if (judged?.verdict !== 'orphan') return null;
      if (pending.concerns(parseMediaKey(key)?.mediaId ?? null, judged.facts.row?.postId ?? null)) return null;
      return {
        what: `${key}, ${judged.blob.bytes} bytes`,
        async mend() {
          await reconciler.discard([judged]);
          return true;
        },
      };
    },
  };
}

export function referenceCheck({ store, blobs, revisions }: FsckContext): Check<MediaRow> {
  return {
    kind: 'dangling-reference',
    candidates: () => store.scan(media),
    async examine({ mediaId }) {
      const row = await store.get(media, { mediaId });
      const lost = row === null ? [] : await lostKeys(row, blobs);
      if (row === null || lost.length === 0) return null;
      return {
        what: `photo ${mediaId} (${row.state}): ${lost.join(', ')}`,
        async mend() {
          // The worker that finds no original says so itself, to the post as well.
          if (row.state === 'uploaded') return false;
          revisions.observe(row.revision);
          const renditions = row.renditions.filter(({ blobKey }) => !lost.includes(blobKey));
          const canBeShown = renditions.length > 0;
          const failure = { state: 'failed', failureReason: 'The photo was lost.' } as const;
          await store.put(media, { ...row, renditions, ...(canBeShown ? {} : failure), revision: revisions.next() });
          return true;
        },
      };
    },
  };
}

async function lostKeys(row: MediaRow, blobs: BlobStore): Promise<string[]> {
  const named =
    row.state === 'viewable' || row.state === 'ready'
      ? row.renditions.map(({ blobKey }) => blobKey)
      : row.state === 'uploaded'
        ? [originalKey(row.blobPrefix)]
        : [];
  const lost: string[] = [];
  for (const key of named) if ((await blobs.stat(key))?.state !== 'permanent') lost.push(key);
  return lost;
}
