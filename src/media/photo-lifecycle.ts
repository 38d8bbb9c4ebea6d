/**
 * The rows of media as the worker and the reconciler change them.
 *
 *   pending ─► uploaded ─► viewable ─► ready        every state ─► gone
 *                  └──────────┴─► failed
 *
 * What must hold: deletion wins. The post is the truth about it; so whoever writes a row of a post's photo reads the post
 * again afterwards: if it was deleted before the write, the writer itself cleans up; if after, the deletion's own job does.
 */
import type { Clock } from '../clock.ts';
import type { MediaId, RevisionSource } from '../ids.ts';
import { limits } from '../limits.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import type { Store } from '../storage/store.ts';
import type { RowOf } from '../storage/table.ts';
import { media, posts } from '../storage/tables/posts.ts';
import { keysOf } from './media-keys.ts';

export type MediaRow = RowOf<typeof media>;

export interface PhotoLifecycleOptions {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly revisions: RevisionSource;
  readonly clock: Clock;
}

export class PhotoLifecycle {
  private readonly options: PhotoLifecycleOptions;

  constructor(options: PhotoLifecycleOptions) {
    this.options = options;
  }

  read(mediaId: MediaId): Promise<MediaRow | null> {
    return this.options.store.get(media, { mediaId });
  }

  /** Writes the row with `changes`, above the revision it was read with. */
  async write(row: MediaRow, changes: Partial<MediaRow>): Promise<MediaRow> {
    this.options.revisions.observe(row.revision);
    const next = { ...row, ...changes, revision: this.options.revisions.next() };
    await this.options.store.put(media, next);
    return next;
  }

  /** Whether the post that the photo belongs to was deleted. */
  async postDeleted({ postId }: MediaRow): Promise<boolean> {
    if (postId === null) return false;
    return (await this.options.store.get(posts, { postId }))?.state === 'deleted';
  }

  /** For good: the row first, so that nobody is led to a blob that is being removed. Repeating it is fine. */
  async remove(row: MediaRow): Promise<void> {
    const { store, blobs, revisions, clock } = this.options;
    if (row.state !== 'gone') {
      revisions.observe(row.revision);
      const gone: MediaRow = { ...row, state: 'gone', renditions: [], thumbHash: '', revision: revisions.next() };
      await store.put(media, gone, { expiresAtMs: clock.now() + limits.tombstoneRetentionMs });
    }
    for (const key of keysOf(row.blobPrefix)) await blobs.remove(key);
  }
}
