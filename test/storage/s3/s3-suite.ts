/** What the S3 adapter must do on any S3 server. */
import { randomBytes } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../../src/clock.ts';
import { Problem, StartRefusal } from '../../../src/errors.ts';
import { limits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/log.ts';
import { S3BlobStore } from '../../../src/storage/s3/s3-blob-store.ts';
import type { S3Settings } from '../../../src/storage/s3/s3-session.ts';
import { blobStoreConformance } from '../../conformance/blob-store-conformance.ts';
import { bytesOf } from '../../support/bytes-of.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { clientOf, namesIn, ownBucket, testBucket, type TestServer } from './test-bucket.ts';

export const options = { contentType: 'image/jpeg', bytesMax: 20_000_000 };

export async function* chunks(...parts: readonly (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

interface World {
  readonly blobs: S3BlobStore;
  readonly settings: S3Settings;
  /** Moves the wall clock. */
  readonly pass: (durationMs: number) => void;
}

export async function world(
  t: ExecutionContext,
  server: TestServer,
  changes: Partial<S3Settings> = {},
): Promise<World> {
  const bucket = ownBucket(server);
  // Also when it is not opened: it may have been made.
  t.teardown(() => bucket.remove());
  let offsetMs = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + offsetMs };
  const settings = { ...bucket.settings, ...changes };
  const blobs = await S3BlobStore.open({ ...bucket, settings, clock, log: silentLogger, listPage: 2 });
  t.teardown(() => blobs.close());
  return { blobs, settings: bucket.settings, pass: (durationMs) => void (offsetMs += durationMs) };
}

/** The conformance suite, and what is of S3 alone. */
export function s3Suite(server: TestServer): void {
  blobStoreConformance(server, async () => {
    const blobs = await S3BlobStore.open({
      ...testBucket(server, 'conformance'),
      clock: systemClock,
      log: silentLogger,
    });
    return { blobs, now: () => systemClock.now(), close: () => blobs.close() };
  });

  test('a blob of several parts arrives whole; of one that is broken off nothing stays', async (t) => {
    const { blobs, settings } = await world(t, server);
    const content = randomBytes(2 * limits.s3PartBytes + 12_345);
    const parts = Array.from({ length: 8 }, (_, index) => content.subarray(index * 1_500_000, (index + 1) * 1_500_000));
    t.is((await blobs.writeTemporary('large', chunks(...parts), options)).bytes, content.length);
    t.true(await blobs.promote('large'));
    const found = await blobs.read('large');
    t.true(found !== null && content.equals(await bytesOf(found.body)));

    const failure = new Error('the phone went away');
    t.is(await t.throwsAsync(blobs.writeTemporary('broken', chunks(content, failure), options)), failure);
    await t.throwsAsync(blobs.writeTemporary('long', chunks(content), { ...options, bytesMax: content.length - 1 }));
    t.deepEqual(await namesIn(settings), ['blobs/large', 'tmp/large']);
    const unfinished = await clientOf(settings).listIncompleteUploadsQuery(settings.bucket, '', '', '', '');
    t.deepEqual(unfinished.uploads, []);
  });

  test('what is written as permanent leaves no temporary object behind', async (t) => {
    const { blobs, settings } = await world(t, server);
    await blobs.writePermanent('a/1080.webp', randomBytes(10), { contentType: 'image/webp' });
    t.deepEqual(await namesIn(settings), ['blobs/a/1080.webp']);
  });

  test('a client sends bytes by itself within the bounds it was given, and replaces nothing permanent', async (t) => {
    const { blobs, settings } = await world(t, server, { publicEndpoint: testBucket(server, '').settings.endpoint });
    const form = await blobs.directUpload('a/original', { contentType: 'image/png', bytesMax: 10, lifetimeMs: 60_000 });
    const send = async (bytes: string, changes: Readonly<Record<string, string>> = {}): Promise<number> => {
      const body = new FormData();
      for (const [name, value] of Object.entries({ ...form?.fields, ...changes })) body.append(name, value);
      body.append('file', new Blob([bytes]));
      return (await fetch(form?.url ?? '', { method: 'POST', body })).status;
    };
    t.is(await send('ten bytes.'), 204);
    t.like(await blobs.stat('a/original'), { bytes: 10, contentType: 'image/png', state: 'temporary' });
    t.is(await send('eleven byte'), 400);
    t.true((await send('html', { 'Content-Type': 'text/html' })) >= 400);
    t.true((await send('other', { key: 'blobs/a/original' })) >= 400);
    t.true(await blobs.promote('a/original'));
    t.is(await send('again'), 204);
    t.true(await blobs.promote('a/original'));
    t.like(await blobs.stat('a/original'), { bytes: 10, state: 'permanent' });
    t.deepEqual(await namesIn(settings), ['blobs/a/original', 'tmp/a/original']);
  });

  test('the address for clients is the public one, and there is none without it', async (t) => {
    const bounds = { contentType: 'image/png', bytesMax: 10, lifetimeMs: 60_000 };
    const { blobs } = await world(t, server, { publicEndpoint: 'https://photos.example' });
    t.regex((await blobs.directUpload('a', bounds))?.url ?? '', /^https:\/\/photos\.example\//);
    const inside = await world(t, server, { publicEndpoint: null });
    t.is(await inside.blobs.directUpload('a', bounds), null);
  });

  test('a temporary blob that nobody promotes is gone after its retention, and its object soon after', async (t) => {
    const { blobs, settings, pass } = await world(t, server);
    await blobs.writeTemporary('forgotten', chunks(randomBytes(3)), options);
    await blobs.writeTemporary('kept', chunks(randomBytes(3)), options);
    await blobs.promote('kept');
    pass(limits.temporaryBlobGraceMs + 1000);
    await blobs.sweep();
    t.deepEqual(await namesIn(settings), ['blobs/kept', 'tmp/forgotten'], 'what was promoted needs no other copy');
    pass(limits.temporaryBlobRetentionMs);
    t.is(await blobs.stat('forgotten'), null);
    t.is(await blobs.read('forgotten'), null);
    t.false(await blobs.promote('forgotten'));
    await blobs.sweep();
    t.deepEqual(await namesIn(settings), ['blobs/kept']);
    t.is((await blobs.stat('kept'))?.state, 'permanent');
  });

  test('a list reads on page after page, and a key that stands in both places is one blob', async (t) => {
    const { blobs } = await world(t, server);
    for (const key of ['b', 'a/1', 'c', 'a-', 'd', 'e']) {
      await blobs.writeTemporary(key, chunks(randomBytes(3)), options);
      if (!['c', 'e'].includes(key)) await blobs.promote(key);
    }
    const listed: string[] = [];
    for await (const { key, state } of blobs.list()) listed.push(`${key} ${state}`);
    t.deepEqual(listed, ['a- permanent', 'a/1 permanent', 'b permanent', 'c temporary', 'd permanent', 'e temporary']);
  });

  test('a server that is away is a retryable problem within a bounded time, and is used again when it is back', async (t) => {
    const bucket = ownBucket(server);
    const { hostname, port } = new URL(bucket.settings.endpoint);
    const proxy = await TcpProxy.open({ host: hostname, port: Number(port) });
    const settings = { ...bucket.settings, endpoint: `http://127.0.0.1:${proxy.port}` };
    const blobs = await S3BlobStore.open({ ...bucket, settings, clock: systemClock, log: silentLogger });
    t.teardown(async () => {
      await blobs.close();
      await bucket.remove();
    });
    await blobs.writeTemporary('a', chunks(randomBytes(3)), options);
    proxy.freeze();
    const start = performance.now();
    const frozen = await t.throwsAsync(blobs.stat('a'));
    t.true(frozen instanceof Problem && frozen.code === 'unavailable' && frozen.retryable);
    t.true(performance.now() - start < limits.s3AnswerTimeoutMs + 3000);
    proxy.thaw();
    t.is((await blobs.stat('a'))?.bytes, 3);
    await proxy.cut();
    const calls = [
      blobs.stat('a'),
      blobs.read('a'),
      blobs.promote('a'),
      blobs.remove('a'),
      blobs.ping(),
      blobs.writeTemporary('b', chunks(randomBytes(3)), options),
    ];
    for (const call of calls) await t.throwsAsync(call, { message: /^unavailable/ });
    await blobs.close();
    await t.throwsAsync(blobs.stat('a'), { message: /closed/ });
  });

  test('a server that is not there, or does not let this node in, refuses the start in words', async (t) => {
    const { settings } = testBucket(server, 'conformance');
    const open = (changes: Partial<S3Settings>) =>
      S3BlobStore.open({
        settings: { ...settings, ...changes },
        clock: systemClock,
        log: silentLogger,
        startWaitMs: 0,
      });
    const away = await t.throwsAsync(open({ endpoint: 'http://127.0.0.1:9' }), { instanceOf: StartRefusal });
    t.regex(away?.message ?? '', /127\.0\.0\.1:9 .*ECONNREFUSED/);
    await t.throwsAsync(open({ secretKey: 'wrong' }), { instanceOf: StartRefusal });
    const arn = 'arn:minio:sqs::NOBODY:webhook';
    await t.throwsAsync(open({ eventsArn: arn }), { instanceOf: StartRefusal, message: /does not notify arn/ });
  });
}
