import test from 'ava';
import { limits } from '../../../src/limits.ts';
import { gathered } from '../../../src/storage/filesystem/gathered.ts';

async function* pieces(lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  let next = 0;
  for (const length of lengths) yield Uint8Array.from({ length }, () => next++ % 251);
}

async function sizesOf(source: AsyncIterable<Uint8Array>): Promise<number[][]> {
  const sizes: number[][] = [];
  for await (const list of gathered(source)) sizes.push(list.map(({ byteLength }) => byteLength));
  return sizes;
}

const half = limits.blobWriteBytes / 2;

test('pieces are handed on together once they fill a write, and what is left at the end', async (t) => {
  t.deepEqual(await sizesOf(pieces([half, half, 3, half, half, 1])), [[half, half], [3, half, half], [1]]);
});

test('bytes come out as they went in', async (t) => {
  const lengths = [1, 0, half, 7, half + 1, 0, 2 * half, 5];
  const out: Uint8Array[] = [];
  for await (const list of gathered(pieces(lengths))) out.push(...list);
  const into: Uint8Array[] = [];
  for await (const piece of pieces(lengths)) into.push(piece);
  t.true(Buffer.concat(out).equals(Buffer.concat(into)));
});

test('a client that sends byte by byte makes no long list', async (t) => {
  const sizes = await sizesOf(pieces(Array.from({ length: 2 * limits.blobWriteChunks + 1 }, () => 1)));
  t.deepEqual(
    sizes.map((list) => list.length),
    [limits.blobWriteChunks, limits.blobWriteChunks, 1],
  );
});

test('nothing comes of nothing', async (t) => {
  t.deepEqual(await sizesOf(pieces([])), []);
  t.deepEqual(await sizesOf(pieces([0, 0])), []);
});

test('a failing source fails at once', async (t) => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(1);
    throw new Error('the client went away');
  }
  await t.throwsAsync(sizesOf(broken()), { message: 'the client went away' });
});
