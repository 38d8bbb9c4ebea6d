import test from 'ava';
import { ReusedMemory } from '../../../src/reused-memory.ts';
import { gathered } from '../../../src/storage/filesystem/gathered.ts';

const BLOCK = 64;

/** Each in the same memory, as sources may do. */
async function* pieces(lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.max(1, ...lengths));
  let next = 0;
  for (const length of lengths) {
    for (let at = 0; at < length; at++) buffer[at] = next++ % 251;
    yield buffer.subarray(0, length);
  }
}

async function blocksOf(source: AsyncIterable<Uint8Array>, memory = new ReusedMemory(BLOCK, 1)): Promise<Buffer[]> {
  const blocks: Buffer[] = [];
  for await (const block of gathered(source, memory)) blocks.push(Buffer.from(block));
  return blocks;
}

test('bytes come out as they went in, in full blocks and what is left', async (t) => {
  for (const lengths of [
    [1],
    [BLOCK],
    [1, 0, 30, 7, BLOCK + 1, 0, 3 * BLOCK, 5],
    Array.from({ length: 200 }, () => 1),
  ]) {
    const blocks = await blocksOf(pieces(lengths));
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const expected = Buffer.from(Uint8Array.from({ length: total }, (_, index) => index % 251));
    t.true(Buffer.concat(blocks).equals(expected));
    t.true(blocks.slice(0, -1).every((block) => block.length === BLOCK));
  }
});

test('nothing comes of nothing', async (t) => {
  t.deepEqual(await blocksOf(pieces([])), []);
  t.deepEqual(await blocksOf(pieces([0, 0])), []);
});

test('a failing source fails at once, and its memory is used again', async (t) => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(1);
    throw new Error('the client went away');
  }
  const memory = new ReusedMemory(BLOCK, 1);
  const block = memory.take();
  memory.give(block);
  await t.throwsAsync(blocksOf(broken(), memory), { message: 'the client went away' });
  t.is(memory.take().buffer, block.buffer);
});
