import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { Problem } from '../../src/errors.ts';
import { type MediaId, RevisionSource } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';
import { originalKey } from '../../src/media/media-keys.ts';
import { PhotoRefused, RenditionCrash } from '../../src/media/renditions/rendition-process.ts';
import type { OutboxEntry } from '../../src/storage/activity.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { cannedPool, MediaWorld, OWNER, type Pool } from './media-world.ts';

const PHOTO = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(100)]);

test('an uploaded photo becomes viewable, then ready, and its original is gone', async (t) => {
  const world = new MediaWorld();
  const { mediaId, entry } = await world.uploaded(PHOTO);
  const seen: string[] = [];
  const watching: Pool = {
    render: (photo, deliver) =>
      cannedPool.render(photo, async (rendered) => {
        await deliver(rendered);
        seen.push(`${(await world.row(mediaId)).state} ${world.told.length}`);
      }),
  };
  await world.worker(watching).handle(entry);
  t.deepEqual(seen, ['viewable 1', 'viewable 1', 'viewable 1'], 'told once the first can be fetched');
  const row = await world.row(mediaId);
  t.like(row, { state: 'ready', width: 2000, height: 1000, thumbHash: 'AAAA', dominantColor: '#102030' });
  t.deepEqual(row.renditions.map((rendition) => rendition.blobKey).sort(), await world.keys());
  t.is(row.renditions.length, 3);
  t.deepEqual(world.told, ['viewable', 'ready']);
  await world.worker(cannedPool).handle(entry);
  t.deepEqual(world.told, ['viewable', 'ready', 'ready'], 'a rerun makes nothing and tells it again');
});

test('a photo that cannot be decoded fails at once, with its reason, its original kept for a while', async (t) => {
  const world = new MediaWorld();
  const { mediaId, entry } = await world.uploaded(PHOTO);
  let tries = 0;
  const refusing: Pool = {
    async render() {
      tries++;
      throw new PhotoRefused('It is damaged.');
    },
  };
  await world.worker(refusing).handle(entry);
  t.is(tries, 1);
  t.like(await world.row(mediaId), { state: 'failed', failureReason: 'It is damaged.' });
  t.deepEqual(world.told, ['failed: It is damaged.']);
  const { blobPrefix } = await world.row(mediaId);
  await world.reconciler.reconcile({ dryRun: false, graceMs: 0 });
  t.deepEqual(await world.keys(), [originalKey(blobPrefix)]);
  world.offsetMs += limits.quarantineRetentionMs + 1;
  t.is((await world.reconciler.reconcile({ dryRun: false })).expired, 1);
  t.deepEqual(await world.keys(), []);
});

test('an original larger than a photo may be fails with its reason, and is not tried again', async (t) => {
  const world = new MediaWorld();
  const { mediaId, entry } = await world.uploaded(PHOTO);
  const { blobPrefix } = await world.row(mediaId);
  const large = Buffer.alloc(limits.photoBytesMax + 1);
  await world.blobs.writePermanent(originalKey(blobPrefix), large, { contentType: 'image/jpeg' });
  await world.worker(cannedPool).handle(entry);
  t.like(await world.row(mediaId), { state: 'failed', failureReason: 'A photo has at most 8388608 bytes.' });
});

test('a photo that ends its decoder is tried twice and then refused; once is forgiven', async (t) => {
  for (const crashes of [1, 5]) {
    const world = new MediaWorld();
    const { mediaId, entry } = await world.uploaded(PHOTO);
    let tries = 0;
    const crashing: Pool = {
      async render(photo, deliver) {
        if (++tries <= crashes) throw new RenditionCrash('it ended with SIGKILL');
        await cannedPool.render(photo, deliver);
      },
    };
    await world.worker(crashing).handle(entry);
    t.is(tries, 2);
    t.is((await world.row(mediaId)).state, crashes === 1 ? 'ready' : 'failed');
  }
});

test('a photo that is shown already is never failed: what was made is what there is', async (t) => {
  const world = new MediaWorld();
  const { mediaId, entry } = await world.uploaded(PHOTO);
  const half: Pool = {
    render: (photo, deliver) =>
      cannedPool.render(photo, async (rendered) => {
        await deliver(rendered);
        throw new RenditionCrash('it ended');
      }),
  };
  await world.worker(half).handle(entry);
  t.is((await world.row(mediaId)).state, 'ready');
  t.is((await world.row(mediaId)).renditions.length, 1);
  t.like(await world.reconciler.reconcile({ dryRun: true, graceMs: 0 }), { orphans: 0, dangling: 0 });
});

test('when no decoder can be had the job is tried again later, and the photo is not blamed', async (t) => {
  const world = new MediaWorld();
  const { mediaId, entry } = await world.uploaded(PHOTO);
  const away: Pool = {
    async render() {
      throw new Problem('unavailable');
    },
  };
  await t.throwsAsync(world.worker(away).handle(entry), { message: /^unavailable/ });
  t.is((await world.row(mediaId)).state, 'uploaded');
  t.deepEqual(world.told, []);
});

test('an entry that is seen before its row is tried again later; one whose row is gone for good is done', async (t) => {
  const world = new MediaWorld();
  const { entry } = await world.uploaded(PHOTO);
  const early = await world.planned();
  const of = (mediaId: MediaId): OutboxEntry => ({
    ...entry,
    activity: { kind: 'media.uploaded', mediaId, ownerId: OWNER },
  });
  await t.throwsAsync(world.worker(cannedPool).handle(of(early.mediaId)), { message: /^unavailable/ });
  await t.notThrowsAsync(world.worker(cannedPool).handle(of(world.ids.next<MediaId>())));
  t.deepEqual(world.told, []);
});

test('a photo whose bytes were lost fails with that reason', async (t) => {
  const world = new MediaWorld();
  const { mediaId, entry } = await world.uploaded(PHOTO);
  await world.blobs.remove(originalKey((await world.row(mediaId)).blobPrefix));
  await world.worker(cannedPool).handle(entry);
  t.deepEqual(world.told, ['failed: The uploaded bytes are no longer there.']);
  await world.worker(cannedPool).handle(entry);
  t.is(world.told.length, 2, 'a rerun tells it again');
});

test('an avatar gets the same renditions, though it belongs to no post', async (t) => {
  const world = new MediaWorld();
  const target = await world.planned(null);
  await world.uploads.receive(target, Readable.from([PHOTO]));
  await world.uploads.complete(target);
  for (const entry of world.dispatched) await world.worker(cannedPool).handle(entry);
  t.is((await world.row(target.mediaId)).state, 'ready');
});

/** The ports as seen by a process that dies before its n-th call: from there on nothing it does has an effect. */
function mortal(
  world: MediaWorld,
  callsLeft: number,
  onCall: (call: number) => Promise<void>,
): { store: Store; blobs: BlobStore } {
  let calls = 0;
  const wrap = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...values: unknown[]) => {
          calls++;
          if (calls > callsLeft) throw new Problem('unavailable', { detail: 'the process is dead' });
          await onCall(calls);
          return Reflect.apply(member, target, values) as unknown;
        };
      },
    });
  return { store: wrap(world.store), blobs: wrap(world.blobs) };
}

/** Whether a worker with so many calls to live died over the entry. Nothing may dangle, whenever it was. */
async function diesAfter(
  t: ExecutionContext,
  world: MediaWorld,
  entry: OutboxEntry,
  callsLeft: number,
): Promise<boolean> {
  const ports = mortal(world, callsLeft, async () => undefined);
  const died = await world
    .worker(cannedPool, ports)
    .handle(entry)
    .then(
      () => false,
      () => true,
    );
  t.is((await world.reconciler.reconcile({ dryRun: true, graceMs: 0 })).dangling, 0, `death at ${callsLeft}`);
  return died;
}

async function completes(t: ExecutionContext, world: MediaWorld, mediaId: MediaId, entry: OutboxEntry): Promise<void> {
  await world.worker(cannedPool).handle(entry);
  const row = await world.row(mediaId);
  t.deepEqual([row.state, row.renditions.length], ['ready', 3]);
  const report = await world.reconciler.reconcile({ dryRun: true, graceMs: 0 });
  t.deepEqual(report, { blobs: 3, orphans: 0, expired: 0, dangling: 0 });
}

test('whatever the call before which the process dies: no reference dangles, and the rerun completes without an orphan', async (t) => {
  let viewableAt = 0;
  for (let callsLeft = 0; ; callsLeft++) {
    const world = new MediaWorld();
    const { mediaId, entry } = await world.uploaded(PHOTO);
    const died = await diesAfter(t, world, entry, callsLeft);
    if (viewableAt === 0 && (await world.row(mediaId)).state === 'viewable') viewableAt = callsLeft;
    await completes(t, world, mediaId, entry);
    if (!died) break;
  }
  t.true(viewableAt > 0);
  // And once more in the rerun of a photo that is being shown already.
  for (let callsLeft = 0; ; callsLeft++) {
    const world = new MediaWorld();
    const { mediaId, entry } = await world.uploaded(PHOTO);
    await diesAfter(t, world, entry, viewableAt);
    const died = await diesAfter(t, world, entry, callsLeft);
    await completes(t, world, mediaId, entry);
    if (!died) break;
  }
});

test('whatever the call before which the post is deleted, by whichever clock: nothing of the photo stays', async (t) => {
  for (const aheadMs of [0, 60_000]) {
    for (let moment = 1; ; moment++) {
      const world = new MediaWorld();
      const { mediaId, entry } = await world.uploaded(PHOTO);
      let reached = false;
      const ports = mortal(world, Number.POSITIVE_INFINITY, async (call) => {
        if (call !== moment) return;
        reached = true;
        await world.removal().handle(await world.deletePost(mediaId));
      });
      // The worker that renders is on a machine whose clock is ahead: its writes win over older-looking ones.
      const revisions = new RevisionSource({ now: () => world.clock.now() + aheadMs });
      await world.worker(cannedPool, { ...ports, revisions }).handle(entry);
      if (!reached) break;
      t.is((await world.row(mediaId)).state, 'gone', `deleted at ${moment}, clock ${aheadMs} ahead`);
      t.deepEqual(await world.keys(), [], `deleted at ${moment}, clock ${aheadMs} ahead`);
    }
  }
});
