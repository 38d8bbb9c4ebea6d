import { mkdir, readdir, rename, rmdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { StartRefusal } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/log.ts';
import { FilesystemBlobStore } from '../../src/storage/filesystem/filesystem-blob-store.ts';
import { fileOf, shelvesIn } from '../../src/storage/filesystem/shelves.ts';
import { whenNamed } from '../conformance/adapters.ts';
import { blobStoreConformance } from '../conformance/blob-store-conformance.ts';
import { bytesOf } from '../support/bytes-of.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

whenNamed('filesystem', () => {
  blobStoreConformance('filesystem', async () => {
    const clock = new ManualClock();
    const folder = await temporaryFolder();
    const blobs = await FilesystemBlobStore.open({ directory: folder.path, clock, log: silentLogger });
    return { blobs, now: () => clock.now(), close: () => blobs.close().then(() => folder.remove()) };
  });
});

const options = { contentType: 'image/webp', bytesMax: 1000 };

async function* content(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function filesBelow(path: string): Promise<string[]> {
  const found = await readdir(path, { recursive: true, withFileTypes: true });
  return found.filter((each) => each.isFile()).map(({ name }) => name);
}

test('blobs survive a restart, and half-written ones of the run before are cleaned up', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const open = () => FilesystemBlobStore.open({ directory: folder.path, clock: new ManualClock(), log: silentLogger });
  const before = await open();
  await before.writeTemporary('a/one.webp', content('one'), options);
  await before.writeTemporary('a/two.webp', content('two'), options);
  await before.promote('a/two.webp');
  await before.close();
  await writeFile(join(folder.path, 'incoming', 'abandoned'), 'half of a pic');

  const after = await open();
  t.is((await after.stat('a/one.webp'))?.state, 'temporary');
  t.is((await after.stat('a/two.webp'))?.state, 'permanent');
  t.deepEqual((await filesBelow(folder.path)).sort(), ['a!one.webp', 'a!two.webp']);
  await after.close();
});

test('a temporary blob that nobody promotes is gone after its retention, and its file soon after', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const clock = new ManualClock();
  const blobs = await FilesystemBlobStore.open({ directory: folder.path, clock, log: silentLogger });
  await blobs.writeTemporary('forgotten', content('x'), options);
  await blobs.writeTemporary('kept', content('y'), options);
  await blobs.promote('kept');

  clock.stepWall(limits.temporaryBlobRetentionMs);
  t.is(await blobs.stat('forgotten'), null);
  t.false(await blobs.promote('forgotten'));
  await blobs.sweep();
  t.is((await filesBelow(folder.path)).length, 2, 'not yet: a promotion may have begun before the end');

  clock.stepWall(limits.temporaryBlobGraceMs);
  await blobs.sweep();
  t.deepEqual(await filesBelow(folder.path), ['kept']);
  t.is((await blobs.stat('kept'))?.state, 'permanent');
  await blobs.close();
});

test('a failed or oversized upload leaves no file', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const blobs = await FilesystemBlobStore.open({ directory: folder.path, clock: new ManualClock(), log: silentLogger });
  await t.throwsAsync(blobs.writeTemporary('a', content('longer'), { ...options, bytesMax: 3 }));
  t.deepEqual(await filesBelow(folder.path), []);
  await blobs.close();
});

test('a file that is not a blob is not served', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const blobs = await FilesystemBlobStore.open({ directory: folder.path, clock: new ManualClock(), log: silentLogger });
  await blobs.writeTemporary('a', content('x'), options);
  const [shelf] = await readdir(join(folder.path, 'shelves'));
  await writeFile(join(folder.path, 'shelves', shelf ?? '', 'a'), 'something else');
  t.is(await blobs.read('a'), null);
  await blobs.close();
});

test('blobs of one prefix lie in one folder; of several that are removed, one that cannot be stops no other', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const blobs = await FilesystemBlobStore.open({ directory: folder.path, clock: new ManualClock(), log: silentLogger });
  for (const name of ['a', 'b', 'c']) await blobs.writePermanent(`photo/${name}`, Buffer.from(name), options);
  const shelves = await readdir(join(folder.path, 'shelves'));
  t.is(shelves.length, 1);
  const stuck = join(folder.path, 'shelves', shelves[0] ?? '', 'photo!b');
  await unlink(stuck);
  await mkdir(stuck);

  await t.throwsAsync(blobs.removeAll(['photo/a', 'photo/b', 'photo/c']), { message: /^unavailable/ });
  t.deepEqual(await filesBelow(folder.path), []);
  await rmdir(stuck);
  await t.notThrowsAsync(blobs.removeAll(['photo/a', 'photo/b', 'photo/c']));
  await blobs.close();
});

test('the files of an earlier version are brought into their order at the start, and nobody reads beside them before', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const options = { directory: folder.path, clock: new ManualClock(), log: silentLogger };
  const keys = ['photo/a', 'photo/b', 'avatar'];
  const first = await FilesystemBlobStore.open(options);
  for (const key of keys) await first.writePermanent(key, Buffer.from(key), { contentType: 'image/webp' });
  await first.close();
  for (const [index, key] of keys.entries()) {
    const former = join(folder.path, 'blobs', `00${index}`);
    await mkdir(former, { recursive: true });
    await rename(fileOf(shelvesIn(folder.path), key), join(former, key.replace('/', '!')));
  }
  await mkdir(join(folder.path, 'blobs', 'abc'));
  const refusal = await t.throwsAsync(FilesystemBlobStore.beside(options), { instanceOf: StartRefusal });
  t.regex(refusal.message, /Start the server once/);

  const moved = await FilesystemBlobStore.open(options);
  for (const key of keys) t.is((await moved.stat(key))?.bytes, key.length, key);
  t.deepEqual((await readdir(folder.path)).sort(), ['incoming', 'shelves']);
  await moved.close();
  await t.notThrowsAsync(FilesystemBlobStore.beside(options).then((blobs) => blobs.close()));
});

test('a folder that cannot be written is a retryable problem', async (t) => {
  const folder = await temporaryFolder();
  const blobs = await FilesystemBlobStore.open({ directory: folder.path, clock: new ManualClock(), log: silentLogger });
  await folder.remove();
  await t.throwsAsync(blobs.writeTemporary('a', content('x'), options), { message: /^unavailable/ });
  await t.throwsAsync(blobs.writePermanent('a', Buffer.from('x'), options), { message: /^unavailable/ });
  await t.throwsAsync(blobs.ping(), { message: /^unavailable/ });
  await blobs.close();
  await t.throwsAsync(blobs.stat('a'), { message: /closed/ });
});

test('more files than are taken away at once, of several folders, are all removed, whether each was there or not', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const log = silentLogger;
  const blobs = await FilesystemBlobStore.open({ directory: folder.path, clock: new ManualClock(), log });
  const keys = ['one', 'two', 'three'].flatMap((group) =>
    Array.from({ length: limits.filesRemovedConcurrent }, (_, number) => `${group}/${number}`),
  );
  const present = keys.filter((_, place) => place % 2 === 0);
  for (const key of present) await blobs.writePermanent(key, Buffer.from(key), options);
  await blobs.writePermanent('one/kept', Buffer.from('kept'), options);

  await blobs.removeAll(keys);
  t.deepEqual(await filesBelow(folder.path), ['one!kept']);

  await blobs.removeAll([]);
  await blobs.close();
});

test('a content of many pieces, more than go into one write, is stored whole', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const blobs = await FilesystemBlobStore.open({ directory: folder.path, clock: new ManualClock(), log: silentLogger });
  const whole = Buffer.from(Uint8Array.from({ length: 3 * limits.blobWriteBytes + 17 }, (_, at) => at % 251));
  async function* uneven(): AsyncGenerator<Uint8Array> {
    for (let at = 0, length = 1; at < whole.length; at += length, length = (length * 7 + 3) % 70_001) {
      yield whole.subarray(at, at + length);
    }
  }
  const { bytes } = await blobs.writeTemporary('a/many.webp', uneven(), { ...options, bytesMax: whole.length });
  t.is(bytes, whole.length);
  const read = await blobs.read('a/many.webp');
  t.true(read !== null && (await bytesOf(read.body)).equals(whole));
  await blobs.close();
});
