import { Readable } from 'node:stream';
import test from 'ava';
import { limits } from '../../src/limits.ts';
import { keysOf, originalKey, parseMediaKey, renditionKey } from '../../src/media/media-keys.ts';
import { waitFor } from '../support/wait-for.ts';
import { cannedPool, MediaWorld } from './media-world.ts';

const PHOTO = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(100)]);

async function addBlob(world: MediaWorld, key: string): Promise<void> {
  await world.blobs.writeTemporary(key, Readable.from([PHOTO]), { contentType: 'image/jpeg', bytesMax: 1000 });
  await world.blobs.promote(key);
}

test('what a row accounts for stays; what none does goes, once its grace is over', async (t) => {
  const world = new MediaWorld();
  const { mediaId, entry } = await world.uploaded(PHOTO);
  await world.worker(cannedPool).handle(entry);
  const kept = await world.keys();
  const { blobPrefix } = await world.row(mediaId);
  const orphans = [
    'nothing-we-ever-wrote',
    originalKey(blobPrefix),
    renditionKey(blobPrefix, 150, 'webp'),
    renditionKey(`${mediaId}/${'0'.repeat(26)}`, 1080, 'jpeg'),
    renditionKey(`0zzzzzzzzzzzz/${'0'.repeat(26)}`, 1080, 'jpeg'),
  ];
  for (const key of orphans) await addBlob(world, key);
  t.like(await world.reconciler.reconcile({ dryRun: false }), { orphans: 0 });
  world.offsetMs += limits.blobGraceMs;
  t.like(await world.reconciler.reconcile({ dryRun: true }), { blobs: 8, orphans: 5, expired: 0, dangling: 0 });
  t.is((await world.keys()).length, 8, 'a dry run removes nothing');
  await world.reconciler.reconcile({ dryRun: false });
  t.deepEqual(await world.keys(), kept);
});

test('a blob that a row names and that is not there is reported', async (t) => {
  const world = new MediaWorld();
  const { mediaId, entry } = await world.uploaded(PHOTO);
  await world.worker(cannedPool).handle(entry);
  await world.blobs.remove(renditionKey((await world.row(mediaId)).blobPrefix, 1080, 'jpeg'));
  t.like(await world.reconciler.reconcile({ dryRun: true }), { orphans: 0, dangling: 1 });
});

test('the original of an unfinished photo is left to its worker, however old; an abandoned upload is not', async (t) => {
  const world = new MediaWorld();
  const { mediaId } = await world.uploaded(PHOTO);
  const abandoned = await world.planned();
  const abandonedKey = originalKey((await world.row(abandoned.mediaId)).blobPrefix);
  await addBlob(world, abandonedKey);
  world.offsetMs += limits.temporaryBlobRetentionMs;
  t.like(await world.reconciler.reconcile({ dryRun: false }), { orphans: 0, expired: 1 });
  t.deepEqual(await world.keys(), [originalKey((await world.row(mediaId)).blobPrefix)]);
});

test('only keys of renditions may be served', async (t) => {
  const world = new MediaWorld();
  const { mediaId } = await world.planned();
  const { blobPrefix } = await world.row(mediaId);
  t.is(keysOf(blobPrefix).length, 9);
  for (const key of keysOf(blobPrefix)) {
    const part = key === originalKey(blobPrefix) ? 'original' : 'rendition';
    t.deepEqual(parseMediaKey(key), { mediaId, blobPrefix, part });
  }
  for (const key of [
    '',
    'original',
    `${blobPrefix}/`,
    `${blobPrefix}/1080.gif`,
    `${blobPrefix}/../x`,
    `x/${blobPrefix}/1080.jpg`,
  ]) {
    t.is(parseMediaKey(key), null, key);
  }
});

test('it runs by itself every so often, until it is stopped', async (t) => {
  const world = new MediaWorld();
  const periods: { ms: number; task: () => void }[] = [];
  let cancelled = false;
  world.clock.every = (ms, task) => {
    periods.push({ ms, task });
    return { cancel: () => void (cancelled = true) };
  };
  await addBlob(world, 'nothing-we-ever-wrote');
  world.offsetMs += limits.blobGraceMs;
  const stop = world.reconciler.start();
  t.is(periods[0]?.ms, limits.blobReconcileMs);
  periods[0]?.task();
  await waitFor('the orphan to go', async () => (await world.keys()).length === 0);
  stop();
  t.true(cancelled);
});
