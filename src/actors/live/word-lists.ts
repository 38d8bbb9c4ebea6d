/** Growable lists of 32-bit words, one per small integer, in slab blocks. Order is not kept by removals. */
import { Uint32Column } from './columns.ts';
import type { Slab } from './slab.ts';

const CAPACITY_MIN = 2;

export class WordLists {
  private readonly slab: Slab;
  private readonly addresses = new Uint32Column();
  private readonly capacities = new Uint32Column();
  private readonly lengths = new Uint32Column();

  constructor(slab: Slab) {
    this.slab = slab;
  }

  open(list: number): void {
    this.addresses.begin(list, 0);
    this.capacities.begin(list, 0);
    this.lengths.begin(list, 0);
  }

  drop(list: number): void {
    const capacity = this.capacities.get(list);
    if (capacity > 0) this.slab.free(this.addresses.get(list), capacity);
    this.capacities.set(list, 0);
    this.lengths.set(list, 0);
  }

  length(list: number): number {
    return this.lengths.get(list);
  }

  at(list: number, place: number): number {
    const address = this.addresses.get(list);
    return this.slab.chunk(address)[this.slab.offset(address) + place] ?? 0;
  }

  /** `visit` must not change the list. */
  forEach(list: number, visit: (word: number) => void): void {
    const length = this.lengths.get(list);
    if (length === 0) return;
    const address = this.addresses.get(list);
    const chunk = this.slab.chunk(address);
    const base = this.slab.offset(address);
    for (let place = base; place < base + length; place++) visit(chunk[place] ?? 0);
  }

  /** Where the word stands, or −1. */
  find(list: number, word: number): number {
    const length = this.lengths.get(list);
    if (length === 0) return -1;
    const address = this.addresses.get(list);
    const base = this.slab.offset(address);
    const found = this.slab
      .chunk(address)
      .subarray(base, base + length)
      .indexOf(word);
    return found;
  }

  push(list: number, word: number): void {
    const length = this.lengths.get(list);
    if (length === this.capacities.get(list)) this.reserve(list, Math.max(CAPACITY_MIN, length * 2));
    const address = this.addresses.get(list);
    this.slab.chunk(address)[this.slab.offset(address) + length] = word;
    this.lengths.set(list, length + 1);
  }

  /** Room for `words` in one block. */
  reserve(list: number, words: number): void {
    const capacity = this.capacities.get(list);
    if (words <= capacity) return;
    const block = { address: this.addresses.get(list), words: capacity };
    this.addresses.set(list, this.slab.grow(block, this.lengths.get(list), words));
    this.capacities.set(list, words);
  }

  /** Takes the word at `place` away; the last one moves there. */
  removeAt(list: number, place: number): void {
    const last = this.lengths.get(list) - 1;
    const address = this.addresses.get(list);
    const chunk = this.slab.chunk(address);
    const base = this.slab.offset(address);
    chunk[base + place] = chunk[base + last] ?? 0;
    this.lengths.set(list, last);
  }

  /** Keeps the words for which `keep` is true. */
  filter(list: number, keep: (word: number) => boolean): void {
    const length = this.lengths.get(list);
    if (length === 0) return;
    const address = this.addresses.get(list);
    const chunk = this.slab.chunk(address);
    const base = this.slab.offset(address);
    let kept = 0;
    for (let place = 0; place < length; place++) {
      const word = chunk[base + place] ?? 0;
      if (keep(word)) chunk[base + kept++] = word;
    }
    this.lengths.set(list, kept);
  }
}
