/**
 * Each actor's hot timeline: references to the newest posts of its feed, oldest first in one block.
 *
 * Must hold: ordered by publishId, each post once, never more than `hotTimelineEntries`; and no entry that was ever
 * inserted is missing unless it is older than all that are held and `truncated` says so.
 */
import type { Limits } from '../../limits.ts';
import { Uint8Column, Uint32Column } from './columns.ts';
import type { TimelineEntry } from './live-events.ts';
import type { Slab } from './slab.ts';
import type { TimelineEntries } from './timeline-entries.ts';

const CAPACITY_MIN = 4;

export class HotTimelines {
  private readonly slab: Slab;
  private readonly entries: TimelineEntries;
  private readonly entriesMax: number;
  private readonly addresses = new Uint32Column();
  private readonly capacities = new Uint32Column();
  private readonly lengths = new Uint32Column();
  private readonly truncations = new Uint8Column();

  constructor(slab: Slab, entries: TimelineEntries, limits: Limits) {
    this.slab = slab;
    this.entries = entries;
    this.entriesMax = limits.hotTimelineEntries;
  }

  open(actor: number): void {
    this.addresses.begin(actor, 0);
    this.capacities.begin(actor, 0);
    this.lengths.begin(actor, 0);
    this.truncations.begin(actor, 0);
  }

  drop(actor: number): void {
    const capacity = this.capacities.get(actor);
    if (capacity === 0) return;
    const address = this.addresses.get(actor);
    const chunk = this.slab.chunk(address);
    const base = this.slab.offset(address);
    for (let place = 0; place < this.lengths.get(actor); place++) this.entries.release(chunk[base + place] ?? 0);
    this.slab.free(address, capacity);
    this.lengths.set(actor, 0);
    this.capacities.set(actor, 0);
  }

  /** Puts the entry at its place. False if it was there, or is older than all of a full timeline. */
  insert(actor: number, entry: TimelineEntry): boolean {
    const handle = this.entries.acquire(entry);
    const inserted = this.place(actor, handle);
    if (!inserted) this.entries.release(handle);
    return inserted;
  }

  /** What a read found: `entries` newest first; there may be older ones if the read was a full one. */
  load(actor: number, entries: readonly TimelineEntry[]): void {
    if (entries.length > 0) this.reserve(actor, Math.min(this.entriesMax, entries.length));
    for (let index = entries.length - 1; index >= 0; index--) {
      const entry = entries[index];
      if (entry !== undefined) this.insert(actor, entry);
    }
    if (entries.length >= this.entriesMax) this.truncations.set(actor, 1);
  }

  /** Newest first, without withdrawn posts. */
  read(actor: number): TimelineEntry[] {
    const length = this.lengths.get(actor);
    const newestFirst: TimelineEntry[] = [];
    for (let place = length - 1; place >= 0; place--) {
      const entry = this.entries.get(this.handleAt(actor, place));
      if (!entry.withdrawn) newestFirst.push(entry);
    }
    return newestFirst;
  }

  truncated(actor: number): boolean {
    return this.truncations.get(actor) === 1;
  }

  private handleAt(actor: number, place: number): number {
    const address = this.addresses.get(actor);
    return this.slab.chunk(address)[this.slab.offset(address) + place] ?? 0;
  }

  private place(actor: number, handle: number): boolean {
    const { publishId, postId } = this.entries.get(handle);
    let length = this.lengths.get(actor);
    let place = length;
    // From the newest: a new post nearly always goes last.
    for (; place > 0; place--) {
      const before = this.entries.get(this.handleAt(actor, place - 1));
      if (before.postId === postId) return false;
      if (before.publishId < publishId) break;
    }
    if (length === this.entriesMax) {
      this.truncations.set(actor, 1);
      if (place === 0) return false;
      this.removeOldest(actor);
      length--;
      place--;
    }
    if (length === this.capacities.get(actor)) this.reserve(actor, Math.min(this.entriesMax, length * 2));
    const address = this.addresses.get(actor);
    const chunk = this.slab.chunk(address);
    const at = this.slab.offset(address) + place;
    chunk.copyWithin(at + 1, at, at + length - place);
    chunk[at] = handle;
    this.lengths.set(actor, length + 1);
    return true;
  }

  private removeOldest(actor: number): void {
    const address = this.addresses.get(actor);
    const chunk = this.slab.chunk(address);
    const base = this.slab.offset(address);
    const length = this.lengths.get(actor);
    this.entries.release(chunk[base] ?? 0);
    chunk.copyWithin(base, base + 1, base + length);
    this.lengths.set(actor, length - 1);
  }

  private reserve(actor: number, words: number): void {
    const capacity = this.capacities.get(actor);
    if (words <= capacity && capacity > 0) return;
    const wanted = Math.max(CAPACITY_MIN, words);
    const block = { address: this.addresses.get(actor), words: capacity };
    this.addresses.set(actor, this.slab.grow(block, this.lengths.get(actor), wanted));
    this.capacities.set(actor, wanted);
  }
}
