/** Stores, clock and services of a media test, in memory. */
import { Readable } from 'node:stream';
import { type Clock, systemClock } from '../../src/clock.ts';
import { IdSource, type MediaId, type PostId, RevisionSource, type UserId } from '../../src/ids.ts';
import { silentLogger } from '../../src/log.ts';
import { BlobReconciler } from '../../src/media/blob-reconciler.ts';
import type { MediaOutcome } from '../../src/media/media-outcome.ts';
import { MediaWorker } from '../../src/media/media-worker.ts';
import { PhotoRemoval } from '../../src/media/photo-removal.ts';
import type { RenditionPool } from '../../src/media/renditions/rendition-pool.ts';
import { UploadService } from '../../src/media/upload-service.ts';
import type { OutboxEntry } from '../../src/storage/activity.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import { MemoryBlobStore } from '../../src/storage/memory/memory-blob-store.ts';
import { MemoryStore } from '../../src/storage/memory/memory-store.ts';
import { putRow, type Store } from '../../src/storage/store.ts';
import type { RowOf } from '../../src/storage/table.ts';
import { users } from '../../src/storage/tables/accounts.ts';
import { media, posts } from '../../src/storage/tables/posts.ts';

export type Pool = Pick<RenditionPool, 'render'>;
export const OWNER = '0000000000001' as UserId;
export const POST = '0000000000002' as PostId;

/** A pool that renders three small files of fixed content. */
export const cannedPool: Pool = {
  async render(_photo, deliver) {
    const facts = { width: 2000, height: 1000, thumbHash: 'AAAA', dominantColor: '#102030' };
    await deliver({ facts, size: 1080, format: 'jpeg', width: 1080, height: 540, bytes: Buffer.from('wide jpeg') });
    await deliver({ facts, size: 1080, format: 'webp', width: 1080, height: 540, bytes: Buffer.from('wide webp') });
    await deliver({ facts, size: 640, format: 'jpeg', width: 640, height: 320, bytes: Buffer.from('narrow jpeg') });
  },
};

export class MediaWorld {
  offsetMs = 0;
  readonly clock: Clock = { ...systemClock, now: () => systemClock.now() + this.offsetMs };
  readonly store: Store = new MemoryStore({ clock: this.clock });
  readonly blobs: BlobStore;
  readonly ids = new IdSource(this.clock, 1);
  readonly revisions = new RevisionSource(this.clock);
  readonly dispatched: OutboxEntry[] = [];
  readonly told: string[] = [];
  readonly outcome: MediaOutcome = {
    viewable: async () => void this.told.push('viewable'),
    ready: async () => void this.told.push('ready'),
    failed: async (_mediaId, reason) => void this.told.push(`failed: ${reason}`),
  };
  readonly uploads: UploadService;
  readonly reconciler: BlobReconciler;

  constructor(blobs?: BlobStore) {
    this.blobs = blobs ?? new MemoryBlobStore({ clock: this.clock });
    this.uploads = new UploadService({
      store: this.store,
      blobs: this.blobs,
      ids: this.ids,
      revisions: this.revisions,
      clock: this.clock,
      publicUrl: 'https://photos.example',
      secret: 'k'.repeat(32),
      dispatch: (entries) => void this.dispatched.push(...entries),
    });
    this.reconciler = new BlobReconciler({
      store: this.store,
      blobs: this.blobs,
      clock: this.clock,
      log: silentLogger,
    });
  }

  worker(pool: Pool, ports: { store?: Store; blobs?: BlobStore; revisions?: RevisionSource } = {}): MediaWorker {
    const { store, blobs, revisions, clock, outcome } = this;
    return new MediaWorker({ store, blobs, revisions, clock, log: silentLogger, pool, outcome, ...ports });
  }

  removal(ports: { store?: Store; blobs?: BlobStore } = {}): PhotoRemoval {
    const { store, blobs, revisions, clock } = this;
    return new PhotoRemoval({ store, blobs, revisions, clock, ...ports });
  }

  async planned(postId: PostId | null = POST): Promise<{ mediaId: MediaId; ownerId: UserId; uploadUrl: string }> {
    const mediaId = this.ids.next<MediaId>();
    const target = { mediaId, ownerId: OWNER };
    const plan = await this.uploads.plan({ ...target, postId, contentType: 'image/jpeg' });
    const draft = postId === null ? [] : [putRow(posts, this.post([mediaId], 'draft'))];
    await this.store.batch([...plan.mutations, ...draft]);
    return { ...target, uploadUrl: plan.slot.uploadUrl };
  }

  /** A photo of `POST`, or an avatar, whose bytes were received and completed. */
  async uploaded(photo: Buffer, postId: PostId | null = POST): Promise<{ mediaId: MediaId; entry: OutboxEntry }> {
    const target = await this.planned(postId);
    await this.uploads.receive(target, Readable.from([photo]));
    await this.uploads.complete(target);
    return { mediaId: target.mediaId, entry: this.last() };
  }

  /** Deletes `POST`, as its owner would; the entry that the removal then gets. */
  async deletePost(...mediaIds: readonly MediaId[]): Promise<OutboxEntry> {
    this.revisions.observe((await this.store.get(posts, { postId: POST }))?.revision ?? 0);
    await this.store.put(posts, this.post(mediaIds, 'deleted'));
    const activity = { kind: 'post.deleted', postId: POST, publishId: null, authorId: OWNER, version: 2 } as const;
    return { ...this.last(), consumer: 'photo-removal', activity };
  }

  /** What the profile of `OWNER` says. */
  async hasAvatar(avatarMediaId: MediaId | null): Promise<void> {
    const user = { userId: OWNER, username: 'ada', displayName: 'Ada', bio: '', avatarMediaId } as const;
    await this.store.put(users, { ...user, state: 'active', createdAtMs: 1, revision: this.revisions.next() });
  }

  async row(mediaId: MediaId): Promise<RowOf<typeof media>> {
    const row = await this.store.get(media, { mediaId });
    if (row === null) throw new Error('no media row');
    return row;
  }

  async keys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const blob of this.blobs.list()) keys.push(blob.key);
    return keys.sort();
  }

  private last(): OutboxEntry {
    const entry = this.dispatched.at(-1);
    if (entry === undefined) throw new Error('nothing was dispatched');
    return entry;
  }

  private post(mediaIds: readonly MediaId[], state: 'draft' | 'deleted'): RowOf<typeof posts> {
    return {
      postId: POST,
      authorId: OWNER,
      publishId: null,
      state,
      caption: '',
      photos: mediaIds.map((mediaId) => ({ mediaId, altText: '' })),
      delivery: 'push',
      version: 1,
      createdAtMs: this.clock.now(),
      editedAtMs: null,
      failureReason: null,
      revision: this.revisions.next(),
    };
  }
}
