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
import { putRow, type Store } from '../storage/store.ts';
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

  /** Those that are there. */
  async readMany(mediaIds: readonly MediaId[]): Promise<MediaRow[]> {
    const keys = [...new Set(mediaIds)].map((mediaId) => ({ mediaId }));
    return (await this.options.store.getMany(media, keys)).filter((row) => row !== null);
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

  /** For good. Repeating it is fine. */
  remove(row: MediaRow): Promise<void> {
    return this.removeAll([row]);
  }

  /** Of different photos, as many as a post has: the rows first, so that nobody is led to a blob that is being removed. */
  async removeAll(rows: readonly MediaRow[]): Promise<void> {
    const { store, blobs, revisions, clock } = this.options;
    const present = rows.filter((row) => row.state !== 'gone');
    for (const row of present) revisions.observe(row.revision);
    const expiresAtMs = clock.now() + limits.tombstoneRetentionMs;
    const gone = present.map((row): MediaRow => {
      return { ...row, state: 'gone', renditions: [], thumbHash: '', revision: revisions.next() };
    });
    if (gone.length > 0) await store.writeAll(gone.map((row) => putRow(media, row, { expiresAtMs })));
    await blobs.removeAll(rows.flatMap((row) => keysOf(row.blobPrefix)));
  }
}
