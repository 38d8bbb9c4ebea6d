/** What every `BlobStore` must do. Bound in one line per adapter (test/storage). Keys are fresh in each run. */
import { randomBytes, randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { nextTurn } from '../../src/clock.ts';
import { InvariantViolation, Problem } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import type { BlobRange, BlobStore } from '../../src/storage/blob-store.ts';
import { bytesOf } from '../support/bytes-of.ts';

export interface BlobHarness {
  readonly blobs: BlobStore;
  /** The adapter's wall time. */
  readonly now: () => number;
  close(): Promise<void>;
}

export function blobStoreConformance(name: string, open: () => Promise<BlobHarness>): void {
  let harness: BlobHarness | null = null;
  test.before(async () => {
    harness = await open();
  });
  test.after.always(() => harness?.close());
  const register = (promise: string, body: (t: ExecutionContext, h: BlobHarness, key: string) => Promise<void>) =>
    test.serial(`${name}: ${promise}`, async (t) => {
      if (harness === null) throw new Error(`${name} did not open`);
      await body(t, harness, `run-${randomUUID()}/picture_1.jpg`);
    });
  registerWrites(register);
  registerRemovals(register);
  registerReads(register);
  registerPrograms(register);
}

type Register = (promise: string, body: (t: ExecutionContext, h: BlobHarness, key: string) => Promise<void>) => unknown;

const MANNERS = ['whole', 'destroy while reading', 'leave', 'whole', 'destroy'] as const;
const options = { contentType: 'image/jpeg', bytesMax: 1_000_000 };

async function* chunks(...parts: readonly (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

async function contentOf(blobs: BlobStore, key: string, range?: BlobRange): Promise<Buffer | null> {
  const found = await blobs.read(key, range);
  return found === null ? null : await bytesOf(found.body);
}

function registerWrites(register: Register): void {
  register('what was written is there, as temporary, with its size and type', async (t, { blobs, now }, key) => {
    const parts = [randomBytes(100_000), randomBytes(1), Buffer.alloc(0), randomBytes(70_000)];
    const before = now();
    const info = await blobs.writeTemporary(key, chunks(...parts), options);
    t.like(info, { key, bytes: 170_001, contentType: 'image/jpeg', state: 'temporary' });
    t.true(info.writtenAtMs >= before && info.writtenAtMs <= now());
    t.deepEqual(await blobs.stat(key), info);
    t.deepEqual(await contentOf(blobs, key), Buffer.concat(parts));
  });

  register('promotion makes it permanent, once or again, and changes nothing else', async (t, { blobs }, key) => {
    t.false(await blobs.promote(key));
    const content = randomBytes(1000);
    const info = await blobs.writeTemporary(key, chunks(content), options);
    t.true(await blobs.promote(key));
    t.true(await blobs.promote(key));
    t.deepEqual(await blobs.stat(key), { ...info, state: 'permanent' });
    t.deepEqual(await contentOf(blobs, key), content);
  });

  register(
    'what is written as permanent is so at once, and replaces what was there',
    async (t, { blobs, now }, key) => {
      await blobs.writeTemporary(key, chunks(randomBytes(500)), options);
      const before = now();
      for (const content of [randomBytes(70_000), Buffer.alloc(0), randomBytes(3)]) {
        const info = await blobs.writePermanent(key, content, { contentType: 'image/webp' });
        t.like(info, { key, bytes: content.length, contentType: 'image/webp', state: 'permanent' });
        t.true(info.writtenAtMs >= before && info.writtenAtMs <= now());
        t.deepEqual(await blobs.stat(key), info);
        t.deepEqual(await contentOf(blobs, key), content);
      }
      t.true(await blobs.promote(key));
      await blobs.remove(key);
      t.is(await blobs.stat(key), null);
    },
  );

  register('a second write replaces the first', async (t, { blobs }, key) => {
    await blobs.writeTemporary(key, chunks(randomBytes(500)), options);
    await blobs.writeTemporary(key, chunks(Buffer.from('second')), { ...options, contentType: 'text/plain' });
    t.like(await blobs.stat(key), { bytes: 6, contentType: 'text/plain', state: 'temporary' });
    t.is((await contentOf(blobs, key))?.toString(), 'second');
  });

  register('nothing is kept of a source that fails, and its error comes through', async (t, { blobs }, key) => {
    const failure = new Error('the phone went away');
    t.is(await t.throwsAsync(blobs.writeTemporary(key, chunks(randomBytes(9), failure), options)), failure);
    t.is(await blobs.stat(key), null);
    await blobs.writeTemporary(key, chunks(Buffer.from('first')), options);
    await t.throwsAsync(blobs.writeTemporary(key, chunks(randomBytes(9), failure), options));
    t.is((await contentOf(blobs, key))?.toString(), 'first');
  });

  register('nothing is kept of a source that is too long', async (t, { blobs }, key) => {
    const exact = { ...options, bytesMax: 10 };
    t.is((await blobs.writeTemporary(key, chunks(randomBytes(4), randomBytes(6)), exact)).bytes, 10);
    const other = `${key}.long`;
    const error = await t.throwsAsync(blobs.writeTemporary(other, chunks(randomBytes(4), randomBytes(7)), exact));
    t.true(error instanceof Problem && error.code === 'payload-too-large');
    t.is(await blobs.stat(other), null);
  });

  register('keys that could leave the folder or mean something else are refused', async (t, { blobs }) => {
    const bad = [
      '',
      '/a',
      'a/',
      'a//b',
      '..',
      '../a',
      'a/../b',
      './a',
      'a/.',
      'A',
      'a b',
      'a\\b',
      'ä',
      'a\0',
      'a'.repeat(201),
    ];
    for (const key of bad) {
      const error = await t.throwsAsync(blobs.writeTemporary(key, chunks(randomBytes(1)), options), undefined, key);
      t.true(error instanceof InvariantViolation, key);
      t.is(await blobs.stat(key), null, key);
      t.is(await blobs.read(key), null, key);
      t.false(await blobs.promote(key), key);
      const permanent = blobs.writePermanent(key, randomBytes(1), options);
      t.true((await t.throwsAsync(permanent, undefined, key)) instanceof InvariantViolation);
      await t.notThrowsAsync(blobs.remove(key), key);
      await t.notThrowsAsync(blobs.removeAll([key]), key);
    }
    const error = await t.throwsAsync(blobs.writeTemporary('ok', chunks(), { contentType: 'a\r\nb: c', bytesMax: 1 }));
    t.true(error instanceof InvariantViolation);
  });
}

function registerRemovals(register: Register): void {
  register('removal takes it away, and removing what is not there is fine', async (t, { blobs }, key) => {
    await blobs.remove(key);
    await blobs.writeTemporary(key, chunks(randomBytes(10)), options);
    await blobs.promote(key);
    await blobs.remove(key);
    t.is(await blobs.read(key), null);
    t.is(await blobs.stat(key), null);
    t.false(await blobs.promote(key));
  });

  register('several are removed together, whatever their state, and no other is', async (t, { blobs }, key) => {
    const [permanent, temporary, never, other, elsewhere] = [
      `${key}/a`,
      `${key}/b`,
      `${key}/never`,
      `${key}/other`,
      `${key}.elsewhere`,
    ] as const;
    for (const each of [permanent, other, elsewhere]) await blobs.writePermanent(each, randomBytes(9), options);
    await blobs.writeTemporary(temporary, chunks(randomBytes(9)), options);
    await blobs.removeAll([permanent, never, temporary, elsewhere, '../no/key']);
    for (const each of [permanent, temporary, elsewhere]) {
      t.is(await blobs.stat(each), null, each);
      t.is(await blobs.read(each), null, each);
    }
    t.is((await blobs.stat(other))?.bytes, 9);
    await t.notThrowsAsync(blobs.removeAll([permanent, temporary, permanent]), 'again, and one twice');
    await t.notThrowsAsync(blobs.removeAll([]));
    await blobs.writePermanent(permanent, Buffer.from('new'), options);
    t.is((await contentOf(blobs, permanent))?.toString(), 'new');
  });

  register('as many as the limit are removed at once, and no more', async (t, { blobs }, key) => {
    const keys = Array.from({ length: limits.blobsRemovedMax }, (_, index) => `${key}/${index}`);
    const written = [0, 1, keys.length - 1].map((index) => keys[index] ?? '');
    for (const each of written) await blobs.writePermanent(each, randomBytes(1), options);
    const error = await t.throwsAsync(blobs.removeAll([...keys, `${key}/more`]));
    t.true(error instanceof InvariantViolation);
    for (const each of written) t.not(await blobs.stat(each), null);
    await blobs.removeAll(keys);
    for (const each of written) t.is(await blobs.stat(each), null);
  });
}

function registerReads(register: Register): void {
  register('ranges are in bytes, both ends included, clipped to what is there', async (t, { blobs }, key) => {
    await blobs.writeTemporary(key, chunks(Buffer.from('01234'), Buffer.from('56789')), options);
    const read = async (start: number, end: number) => (await contentOf(blobs, key, { start, end }))?.toString();
    t.is(await read(0, 0), '0');
    t.is(await read(3, 6), '3456');
    t.is(await read(8, 99), '89');
    t.is(await read(10, 12), '');
    const part = await blobs.read(key, { start: 3, end: 6 });
    part?.body.destroy();
    t.is(part?.info.bytes, 10);
    await t.throwsAsync(blobs.read(key, { start: 5, end: 4 }), { instanceOf: InvariantViolation });
  });

  register(
    'a blob is read into memory of the caller’s, and refused where it does not fit',
    async (t, { blobs }, key) => {
      const memory = Buffer.alloc(700_000, 7);
      t.is(await blobs.readInto(key, memory), null);
      for (const content of [randomBytes(600_000), Buffer.alloc(0), randomBytes(700_000)]) {
        await blobs.writeTemporary(key, chunks(content), options);
        const read = await blobs.readInto(key, memory);
        t.deepEqual(read, content);
        t.is(read?.buffer, memory.buffer);
      }
      const tooSmall = blobs.readInto(key, memory.subarray(1));
      await t.throwsAsync(tooSmall, { instanceOf: Problem, message: /^payload-too-large/ });
    },
  );

  register('an empty blob is a blob', async (t, { blobs }, key) => {
    await blobs.writeTemporary(key, chunks(), options);
    t.is((await blobs.stat(key))?.bytes, 0);
    t.is((await contentOf(blobs, key))?.byteLength, 0);
  });

  register('a reader goes on though the blob is replaced or removed', async (t, { blobs }, key) => {
    const content = randomBytes(900_000);
    await blobs.writeTemporary(key, chunks(content), options);
    const found = await blobs.read(key);
    await blobs.writeTemporary(key, chunks(Buffer.from('other')), options);
    await blobs.remove(key);
    t.deepEqual(found && (await bytesOf(found.body)), content);
  });

  register('readers side by side, also those who leave early, see their own blob only', async (t, { blobs }, key) => {
    const sizes = [0, 1, 5_000, 130_000, 300_000, 700_000];
    for (const [fill, size] of sizes.entries()) {
      await blobs.writeTemporary(`${key}.${fill}`, chunks(Buffer.alloc(size, fill + 1)), options);
    }
    const read = async (fill: number, size: number, manner: (typeof MANNERS)[number]): Promise<void> => {
      const found = await blobs.read(`${key}.${fill}`);
      if (found === null) throw new Error('a blob is missing');
      if (manner === 'destroy') {
        found.body.destroy();
        return;
      }
      let bytes = 0;
      try {
        for await (const part of found.body) {
          if (manner === 'destroy while reading') setImmediate(() => found.body.destroy());
          // Others read meanwhile, and the piece is still this reader's.
          for (let turn = 0; turn < 3; turn++) await nextTurn();
          t.true(part.every((byte) => byte === fill + 1));
          bytes += part.length;
          if (manner === 'leave') return;
        }
      } catch (error) {
        if (manner === 'whole') throw error;
      }
      if (manner === 'whole') t.is(bytes, size);
    };
    for (let round = 0; round < 4; round++) {
      await Promise.all(sizes.flatMap((size, fill) => MANNERS.map((manner) => read(fill, size, manner))));
    }
  });

  register('list names every blob once, temporary and permanent', async (t, { blobs }, key) => {
    const keys = ['a', 'b', 'c'].map((name) => `${key}.${name}`);
    for (const each of keys) await blobs.writeTemporary(each, chunks(randomBytes(5)), options);
    await blobs.promote(keys[0] ?? '');
    const listed = [];
    for await (const info of blobs.list()) if (info.key.startsWith(key)) listed.push(info);
    t.deepEqual(listed.map((info) => info.key).sort(), keys);
    for (const { key: each, bytes, state, writtenAtMs } of listed) {
      const info = await blobs.stat(each);
      t.like(info, { key: each, bytes, state });
      // A listing may know the time of the promotion only, and that to the second.
      t.true(writtenAtMs > (info?.writtenAtMs ?? 0) - 1000);
    }
  });

  register('ping goes through', async (t, { blobs }) => {
    await t.notThrowsAsync(blobs.ping());
  });
}

/** Random programs against a map, which is all a blob store is to its callers. */
function registerPrograms(register: Register): void {
  const names = fc.constantFrom('a', 'b', 'c/d');
  const step = fc.oneof(
    fc.record({
      kind: fc.constantFrom('write' as const, 'write permanent' as const),
      name: names,
      content: fc.uint8Array({ maxLength: 50 }),
    }),
    fc.record({ kind: fc.constantFrom('promote' as const, 'remove' as const, 'read' as const), name: names }),
    fc.record({ kind: fc.constant('remove all' as const), names: fc.uniqueArray(names) }),
  );
  register('answers random programs as a map would', async (t, { blobs }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (program) => {
        const prefix = `program-${randomUUID()}/`;
        const model = new Map<string, { content: Buffer; state: 'temporary' | 'permanent' }>();
        for (const each of program) {
          if (each.kind === 'remove all') {
            await blobs.removeAll(each.names.map((name) => prefix + name));
            for (const name of each.names) model.delete(prefix + name);
            continue;
          }
          const key = prefix + each.name;
          const known = model.get(key);
          if (each.kind === 'write') {
            await blobs.writeTemporary(key, chunks(each.content), options);
            model.set(key, { content: Buffer.from(each.content), state: 'temporary' });
          } else if (each.kind === 'write permanent') {
            await blobs.writePermanent(key, each.content, options);
            model.set(key, { content: Buffer.from(each.content), state: 'permanent' });
          } else if (each.kind === 'promote') {
            t.is(await blobs.promote(key), known !== undefined);
            if (known !== undefined) known.state = 'permanent';
          } else if (each.kind === 'remove') {
            await blobs.remove(key);
            model.delete(key);
          } else {
            t.deepEqual(await contentOf(blobs, key), known?.content ?? null);
            t.is((await blobs.stat(key))?.state, known?.state);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
}
