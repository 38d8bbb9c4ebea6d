import { Readable } from 'node:stream';
import test from 'ava';
import type { MediaId, UserId } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';
import { originalKey } from '../../src/media/media-keys.ts';
import { UploadSigner } from '../../src/media/signed-urls.ts';
import { media } from '../../src/storage/tables/posts.ts';
import { MediaWorld, OWNER } from './media-world.ts';

const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(100, 7)]);
const bytes = (...chunks: Buffer[]): Readable => Readable.from(chunks);

function queryOf(uploadUrl: string): { mediaId: string; query: string } {
  const url = new URL(uploadUrl);
  return { mediaId: url.pathname.split('/').at(-1) ?? '', query: url.search.slice(1) };
}

test('a planned upload has an address that verifies for its medium and owner, and for nothing else', async (t) => {
  const world = new MediaWorld();
  const { mediaId, uploadUrl } = await world.planned();
  t.true(uploadUrl.startsWith(`https://photos.example/v1/uploads/${mediaId}?`));
  const { query } = queryOf(uploadUrl);
  t.deepEqual(world.uploads.verify(mediaId, query), { mediaId, ownerId: OWNER });
  const other = world.ids.next<MediaId>();
  const forged = [
    [other, query],
    [mediaId, query.replace(OWNER, '0000000000009')],
    [mediaId, query.replace(/expires=\d/, 'expires=9')],
    [mediaId, query.replace(/signature=.{4}/, 'signature=AAAA')],
    [mediaId, query.replace(/signature=.*/, 'signature=')],
    [mediaId, ''],
    ['../../etc/passwd', query],
  ] as const;
  for (const [id, text] of forged)
    t.throws(() => world.uploads.verify(id, text), { message: /^forbidden/ }, `${id} ${text}`);
  world.offsetMs += limits.uploadUrlLifetimeMs + 1;
  t.throws(() => world.uploads.verify(mediaId, query), { message: /^forbidden/ });
});

test('an address signed before the secret was replaced verifies as long as the old secret is kept', (t) => {
  const clock = { now: () => 1_000 };
  const target = { mediaId: '0000000000001' as MediaId, ownerId: OWNER };
  const [older, newer] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const query = new UploadSigner([older], clock).sign(target).split('?')[1] ?? '';
  t.deepEqual(new UploadSigner([newer, older], clock).verify(target.mediaId, query), target);
  t.throws(() => new UploadSigner([newer], clock).verify(target.mediaId, query), { message: /^forbidden/ });
});

test('planning the same medium again keeps its row and its random prefix', async (t) => {
  const world = new MediaWorld();
  const { mediaId } = await world.planned();
  const first = await world.row(mediaId);
  t.regex(first.blobPrefix, new RegExp(`^${mediaId}/[0-9a-z]{26}$`));
  const again = await world.uploads.plan({ mediaId, ownerId: OWNER, postId: first.postId, contentType: 'image/png' });
  t.deepEqual(again.mutations, []);
  await t.throwsAsync(
    world.uploads.plan({ mediaId, ownerId: '0000000000009' as UserId, postId: null, contentType: 'image/png' }),
    { message: /^forbidden/ },
  );
});

test('bytes are kept, completed once, and start the work once', async (t) => {
  const world = new MediaWorld();
  const target = await world.planned();
  await t.throwsAsync(world.uploads.complete(target), { message: /^upload-incomplete/ });
  t.deepEqual(await world.uploads.receive(target, bytes(JPEG.subarray(0, 2), JPEG.subarray(2))), {
    bytes: JPEG.length,
  });
  await world.uploads.complete(target);
  await world.uploads.complete(target);
  t.is(world.dispatched.length, 1);
  t.like(world.dispatched[0], { consumer: 'media', activity: { kind: 'media.uploaded', mediaId: target.mediaId } });
  t.like(await world.row(target.mediaId), { state: 'uploaded', originalBytes: JPEG.length, contentType: 'image/jpeg' });
  await t.throwsAsync(world.uploads.receive(target, bytes(JPEG)), { message: /^conflict/ });
});

test('a completion that comes late cannot undo what the worker wrote', async (t) => {
  const world = new MediaWorld();
  const target = await world.planned();
  await world.uploads.receive(target, bytes(JPEG));
  const pending = await world.row(target.mediaId);
  const stale = world.store.get.bind(world.store);
  await world.uploads.complete(target);
  const uploaded = await world.row(target.mediaId);
  world.revisions.observe(uploaded.revision);
  await world.store.put(media, { ...uploaded, state: 'ready', revision: world.revisions.next() });
  // A second completion that had read the row before the first one wrote it.
  let lied = false;
  world.store.get = (async (table: typeof media, key: { mediaId: MediaId }) => {
    if (lied) return stale(table, key);
    lied = true;
    return pending;
  }) as typeof world.store.get;
  await world.uploads.complete(target);
  t.true(lied);
  t.is((await world.row(target.mediaId)).state, 'ready');
});

test('others than the owner, and media that do not exist, are refused', async (t) => {
  const world = new MediaWorld();
  const { mediaId } = await world.planned();
  const stranger = { mediaId, ownerId: '0000000000009' as UserId };
  await t.throwsAsync(world.uploads.receive(stranger, bytes(JPEG)), { message: /^forbidden/ });
  await t.throwsAsync(world.uploads.complete(stranger), { message: /^forbidden/ });
  const unknown = { mediaId: world.ids.next<MediaId>(), ownerId: OWNER };
  await t.throwsAsync(world.uploads.receive(unknown, bytes(JPEG)), { message: /^not-found/ });
});

test('what is not an image by its first bytes is refused before anything is stored', async (t) => {
  const world = new MediaWorld();
  const target = await world.planned();
  const files = {
    empty: '',
    text: 'this is holiday.jpg, honestly',
    script: '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    zip: 'PK\u0003\u0004 and so on and on and on',
    pdf: '%PDF-1.7 and so on and on and on',
    heic: '\0\0\0\u0018ftypheic\0\0\0\0heicmif1',
    'RIFF that is sound': 'RIFF\0\0\0\0WAVEfmt and so on',
  };
  for (const [name, text] of Object.entries(files)) {
    const attempt = world.uploads.receive(target, bytes(Buffer.from(text, 'latin1')));
    await t.throwsAsync(attempt, { message: /^unsupported-media/ }, name);
  }
  t.deepEqual(await world.keys(), []);
});

test('too many bytes are refused, and nothing is kept of an upload that broke off', async (t) => {
  const world = new MediaWorld();
  const target = await world.planned();
  const chunk = Buffer.alloc(1024 * 1024);
  async function* endless(): AsyncGenerator<Buffer> {
    yield JPEG;
    for (;;) yield chunk;
  }
  await t.throwsAsync(world.uploads.receive(target, endless()), { message: /^payload-too-large/ });
  async function* broken(): AsyncGenerator<Buffer> {
    yield JPEG;
    throw new Error('connection reset');
  }
  await t.throwsAsync(world.uploads.receive(target, broken()), { message: 'connection reset' });
  t.deepEqual(await world.keys(), []);
});

test('an upload that drips for ever is ended at its deadline and frees its place', async (t) => {
  const world = new MediaWorld();
  const expiries: (() => void)[] = [];
  world.clock.after = (_delayMs, task) => {
    expiries.push(task);
    return { cancel: () => undefined };
  };
  const target = await world.planned();
  async function* stalled(): AsyncGenerator<Buffer> {
    yield JPEG;
    await new Promise(() => undefined);
  }
  const attempts = Array.from({ length: limits.uploadsConcurrent }, () => world.uploads.receive(target, stalled()));
  const outcomes = Promise.allSettled(attempts);
  await t.throwsAsync(world.uploads.receive(target, bytes(JPEG)), { message: /^overloaded/ });
  await new Promise((resolve) => setImmediate(resolve));
  for (const expire of expiries) expire();
  for (const outcome of await outcomes) t.regex(String(outcome.status === 'rejected' && outcome.reason), /timeout/);
  t.deepEqual(await world.uploads.receive(target, bytes(JPEG)), { bytes: JPEG.length });
});

test('bytes that arrive after the photo was processed are not left behind', async (t) => {
  const world = new MediaWorld();
  const target = await world.planned();
  const row = await world.row(target.mediaId);
  async function* slow(): AsyncGenerator<Buffer> {
    yield JPEG;
    world.revisions.observe(row.revision);
    await world.store.put(media, { ...row, state: 'ready', revision: world.revisions.next() });
  }
  await t.throwsAsync(world.uploads.receive(target, slow()), { message: /^conflict/ });
  t.is(await world.blobs.stat(originalKey(row.blobPrefix)), null);
});

test('an upload that was never completed expires', async (t) => {
  const world = new MediaWorld();
  const target = await world.planned();
  await world.uploads.receive(target, bytes(JPEG));
  world.offsetMs += limits.temporaryBlobRetentionMs / 2 + 1;
  await t.throwsAsync(world.uploads.complete(target), { message: /^upload-incomplete/ });
});

test('what a client sent to the blob store itself is taken in when the store says so, once', async (t) => {
  const world = new MediaWorld();
  const { mediaId } = await world.planned();
  const row = await world.store.get(media, { mediaId });
  const key = originalKey(row?.blobPrefix ?? '');
  await world.uploads.arrived(key);
  t.is((await world.store.get(media, { mediaId }))?.state, 'pending', 'nothing is there yet');
  await world.blobs.writeTemporary(key, bytes(JPEG), { contentType: 'image/jpeg', bytesMax: 1000 });
  await Promise.all([world.uploads.arrived(key), world.uploads.complete({ mediaId, ownerId: OWNER })]);
  await world.uploads.arrived(key);
  t.is((await world.store.get(media, { mediaId }))?.state, 'uploaded');
  t.is((await world.blobs.stat(key))?.state, 'permanent');
  for (const other of ['', 'x', key.replace('original', '1080.jpg'), `${mediaId}/${'0'.repeat(26)}/original`]) {
    await t.notThrowsAsync(world.uploads.arrived(other));
  }
});
