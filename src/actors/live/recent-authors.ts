/**
 * Whose events were broadcast lately, in order, in a ring. Whoever registers an interest asks whether something passed by
 * between two moments; when that is too long ago to be known, the answer is that it may have.
 */
import type { UserId } from '../../ids.ts';

export class RecentAuthors {
  private readonly ring: UserId[] = [];
  private readonly size: number;
  private count = 0;

  constructor(size: number) {
    this.size = size;
  }

  /** The moment of now. */
  get mark(): number {
    return this.count;
  }

  note(authorId: UserId): void {
    this.ring[this.count % this.size] = authorId;
    this.count++;
  }

  /** Whether one of `authors` may have been noted since `mark`. */
  mayHold(authors: ReadonlySet<UserId>, mark: number): boolean {
    if (this.count - mark > this.size) return true;
    for (let place = mark; place < this.count; place++) {
      const authorId = this.ring[place % this.size];
      if (authorId !== undefined && authors.has(authorId)) return true;
    }
    return false;
  }
}
