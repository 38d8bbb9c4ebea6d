/**
 * Blocks of 32-bit words inside large chunks: rings, timelines and interest lists live here, so that a million of them
 * are a few hundred typed arrays and no objects.
 *
 *   address   31        18 17               0        a freed block     [ next + 1 | … ]
 *             |  chunk   |  word in chunk   |        (one list per block size)
 *
 * Must hold: whoever frees a block passes the size it was allocated with, and never touches it again. New blocks hold
 * whatever was in them before.
 */
import { invariant } from '../../errors.ts';

const OFFSET_BITS = 18;
const CHUNK_WORDS = 1 << OFFSET_BITS;
const OFFSET_MASK = CHUNK_WORDS - 1;
const CHUNKS_MAX = 1 << (32 - OFFSET_BITS);

export class Slab {
  private readonly chunks: Uint32Array[] = [];
  /** Block size → address of the first free block + 1. */
  private readonly freeBySize = new Map<number, number>();
  private current = -1;
  private used = CHUNK_WORDS;
  private allocatedWords = 0;

  /** The address of a block of `words` ≥ 1. */
  allocate(words: number): number {
    invariant(words >= 1, 'a block has at least one word');
    this.allocatedWords += words;
    const free = this.freeBySize.get(words) ?? 0;
    if (free !== 0) {
      const address = free - 1;
      this.freeBySize.set(words, this.chunk(address)[this.offset(address)] ?? 0);
      return address;
    }
    if (words > CHUNK_WORDS) return this.addChunk(words) * CHUNK_WORDS;
    if (this.used + words > CHUNK_WORDS) {
      this.current = this.addChunk(CHUNK_WORDS);
      this.used = 0;
    }
    const address = this.current * CHUNK_WORDS + this.used;
    this.used += words;
    return address;
  }

  free(address: number, words: number): void {
    this.allocatedWords -= words;
    this.chunk(address)[this.offset(address)] = this.freeBySize.get(words) ?? 0;
    this.freeBySize.set(words, address + 1);
  }

  /** A larger block with the first `held` words of the old one, which is freed. `words` 0: there was none. */
  grow(block: { readonly address: number; readonly words: number }, held: number, words: number): number {
    const grown = this.allocate(words);
    if (block.words === 0) return grown;
    const from = this.offset(block.address);
    this.chunk(grown).set(this.chunk(block.address).subarray(from, from + held), this.offset(grown));
    this.free(block.address, block.words);
    return grown;
  }

  /** The chunk that holds the block; its words start at `offset(address)`. Ask again after every allocation. */
  chunk(address: number): Uint32Array {
    const chunk = this.chunks[address >>> OFFSET_BITS];
    invariant(chunk !== undefined, 'address outside the slab');
    return chunk;
  }

  offset(address: number): number {
    return address & OFFSET_MASK;
  }

  /** Words in blocks that are in use. */
  get wordsInUse(): number {
    return this.allocatedWords;
  }

  private addChunk(words: number): number {
    invariant(this.chunks.length < CHUNKS_MAX, 'the slab is full');
    this.chunks.push(new Uint32Array(words));
    return this.chunks.length - 1;
  }
}
