import { Readable } from 'node:stream';
import test from 'ava';
import type { PostView } from '../../src/actors/views.ts';
import { invariant } from '../../src/errors.ts';
import type { MediaId, UserId } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/log.ts';
import { BlobReconciler } from '../../src/media/blob-reconciler.ts';
import { MediaWorker } from '../../src/media/media-worker.ts';
import { UploadService } from '../../src/media/upload-service.ts';
import { MemoryBlobStore } from '../../src/storage/memory/memory-blob-store.ts';
import { postWorld } from '../actors/post-world.ts';
import { cannedPool } from './media-world.ts';

const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(100, 7)]);
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** Posts with real uploads, on a clock that stands until it is moved. */
async function uploadingWorld() {
  let uploads: UploadService | null = null;
  let blobs: MemoryBlobStore | null = null;
  const world = await postWorld({
    openUploads(parts) {
      blobs = new MemoryBlobStore({ clock: parts.clock });
      const secret = 'k'.repeat(32);
      uploads = new UploadService({ ...parts, blobs, publicUrl: 'https://photos.test', secret });
      return uploads;
    },
  });
  invariant(uploads !== null && blobs !== null, 'uploads are open');
  const service: UploadService = uploads;
  const files: MemoryBlobStore = blobs;
  const parts = { ...world, blobs: files, log: silentLogger };
  const worker = new MediaWorker({ ...parts, pool: cannedPool });
  const reconciler = new BlobReconciler(parts);
  return {
    ...world,
    reconciler,
    async receive(post: PostView, photo: number): Promise<{ mediaId: MediaId; ownerId: UserId }> {
      const target = { mediaId: post.photos[photo]?.mediaId as MediaId, ownerId: post.userId };
      await service.receive(target, Readable.from([JPEG]));
      return target;
    },
    complete: (target: { mediaId: MediaId; ownerId: UserId }) => service.complete(target),
    /** Works off what uploads asked for. */
    async render(): Promise<void> {
      for (const entry of world.dispatched.splice(0)) if (entry.consumer === 'media') await worker.handle(entry);
    },
    async blobKeys(): Promise<string[]> {
      const keys: string[] = [];
      for await (const blob of files.list()) keys.push(blob.key);
      return keys;
    },
  };
}

test('a draft whose photo never arrives is gone after a day, with its rows and what was received', async (t) => {
  const world = await uploadingWorld();
  const author = world.user();
  const draft = await world.draft(author);
  const target = await world.receive(draft, 0);
  await world.service.edit(author, draft.id, { caption: 'still waiting' });
  world.clock.advance(limits.draftRetentionMs - 2 * limits.draftMarginMs);
  t.is((await world.service.read(author, draft.id)).caption, 'still waiting');
  world.clock.advance(2 * limits.draftMarginMs);
  await t.throwsAsync(world.service.read(author, draft.id), { message: /^not-found/ });
  await t.throwsAsync(world.complete(target), { message: /^not-found/ });
  await world.reconciler.reconcile({ dryRun: false });
  t.deepEqual(await world.blobKeys(), []);
  world.clock.advance(3 * limits.blobReconcileMs);
  t.is(await world.rows.medium(target.mediaId), null);
});

test('a draft that waits for one of two photos takes the one that came along', async (t) => {
  const world = await uploadingWorld();
  const draft = await world.draft(world.user(), 'c', 2);
  const target = await world.receive(draft, 0);
  await world.complete(target);
  await world.render();
  t.is((await world.blobKeys()).length, 3);
  world.clock.advance(limits.draftRetentionMs);
  t.is(await world.rows.byId(draft.id), null);
  t.like(await world.reconciler.reconcile({ dryRun: false }), { expired: 3, orphans: 0, dangling: 0 });
  t.deepEqual(await world.blobKeys(), []);
  t.is((await world.rows.medium(target.mediaId))?.state, 'gone');
});

test('a post whose photos came never expires, however late its processing and whatever its author did before', async (t) => {
  const world = await uploadingWorld();
  const author = world.user();
  const draft = await world.draft(author, 'c', 2);
  const first = await world.receive(draft, 0);
  await world.complete(first);
  await world.service.edit(author, draft.id, { caption: 'edited while one photo is missing' });
  world.clock.advance(limits.draftRetentionMs / 2);
  await world.complete(await world.receive(draft, 1));
  await world.service.edit(author, draft.id, { caption: 'edited before it was processed' });
  world.clock.advance(2 * limits.draftRetentionMs);
  await world.render();
  world.clock.advance(YEAR_MS);
  await world.reconciler.reconcile({ dryRun: false });
  const post = await world.service.read(null, draft.id);
  t.is(post.caption, 'edited before it was processed');
  t.is(post.photos.length, 2);
  t.is((await world.blobKeys()).length, 6);
  t.is((await world.rows.record(draft.id))?.media.filter((medium) => medium?.state === 'ready').length, 2);
});

test('an edit that read the draft before its last upload came leaves it kept', async (t) => {
  const world = await uploadingWorld();
  const draft = await world.draft(world.user());
  const target = await world.receive(draft, 0);
  const seen = await world.rows.record(draft.id);
  invariant(seen !== null, 'the draft is there');
  await world.complete(target);
  await world.commits.edit(seen, 'late');
  world.clock.advance(2 * limits.draftRetentionMs);
  t.is((await world.rows.byId(draft.id))?.caption, 'late');
});

test('completing again keeps a draft whose first completion died half-way', async (t) => {
  const world = await uploadingWorld();
  const author = world.user();
  const draft = await world.draft(author);
  const target = await world.receive(draft, 0);
  const before = await world.rows.byId(draft.id);
  await world.complete(target);
  t.is((await world.rows.byId(draft.id))?.revision, (before?.revision ?? 0) + 1, 'written just above what was read');
  await world.complete(target);
  world.clock.advance(2 * limits.draftRetentionMs);
  t.is((await world.rows.byId(draft.id))?.state, 'draft');
});
