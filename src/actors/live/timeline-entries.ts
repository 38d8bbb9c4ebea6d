/** The posts that hot timelines refer to, each held once per node with its author and its publication. */
import { Problem } from '../../errors.ts';
import type { PostId } from '../../ids.ts';
import { HANDLES_MAX, HandleTable, NO_HANDLE } from './handle-table.ts';
import type { TimelineEntry } from './live-events.ts';

interface HeldEntry extends TimelineEntry {
  withdrawn: boolean;
}

export class TimelineEntries {
  private readonly table: HandleTable<HeldEntry>;

  constructor(capacity = HANDLES_MAX) {
    this.table = new HandleTable((entry) => entry.postId, capacity);
  }

  get size(): number {
    return this.table.size;
  }

  /** A handle with one reference for the caller. A post has one publication: the one first heard of here. */
  acquire(entry: TimelineEntry): number {
    const known = this.table.find(entry.postId);
    if (known !== NO_HANDLE) {
      this.table.retain(known);
      return known;
    }
    if (this.table.full) throw new Problem('overloaded');
    const { publishId, postId, authorId } = entry;
    return this.table.add({ publishId, postId, authorId, withdrawn: false });
  }

  get(handle: number): Readonly<HeldEntry> {
    return this.table.get(handle);
  }

  release(handle: number): void {
    this.table.release(handle);
  }

  /** Readers skip the post from now on. */
  withdraw(postId: PostId): void {
    const handle = this.table.find(postId);
    if (handle !== NO_HANDLE) this.table.get(handle).withdrawn = true;
  }
}
