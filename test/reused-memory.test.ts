import test from 'ava';
import { ReusedMemory } from '../src/reused-memory.ts';

test('what is given back is used again, whole, also when a part of it was given', (t) => {
  const memory = new ReusedMemory(100, 2);
  const first = memory.take(30);
  t.is(first.length, 30);
  memory.give(first.subarray(3, 5));
  const again = memory.take();
  t.is(again.length, 100);
  t.is(again.buffer, first.buffer);
  t.not(memory.take().buffer, first.buffer, 'nobody else gets what is taken');
});

test('no more is kept than was said, and nothing that is larger than a block', (t) => {
  const memory = new ReusedMemory(100, 2);
  const taken = [memory.take(), memory.take(), memory.take()];
  const large = memory.take(101);
  t.is(large.length, 101);
  for (const block of [large, ...taken]) memory.give(block);
  const buffers = new Set(taken.map(({ buffer }) => buffer));
  const kept = [memory.take(), memory.take(), memory.take()].filter(({ buffer }) => buffers.has(buffer));
  t.is(kept.length, 2);
});
