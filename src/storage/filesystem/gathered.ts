/** The pieces of a stream, gathered into fewer and larger writes. */
import type { ReusedMemory } from '../../reused-memory.ts';

/**
 * The same bytes in the same order, in full blocks of `memory` and what is left at the end; each is there until the next is
 * asked for. The source may use its pieces again. If it fails this fails at once, and what was gathered by then is not
 * handed on.
 */
export async function* gathered(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  memory: ReusedMemory,
): AsyncGenerator<Buffer> {
  const block = memory.take();
  let used = 0;
  try {
    for await (const piece of source) {
      for (let at = 0; at < piece.byteLength; ) {
        const part = piece.subarray(at, at + block.length - used);
        block.set(part, used);
        used += part.byteLength;
        at += part.byteLength;
        if (used < block.length) continue;
        yield block;
        used = 0;
      }
    }
    if (used > 0) yield block.subarray(0, used);
  } finally {
    memory.give(block);
  }
}
