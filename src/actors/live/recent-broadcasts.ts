/**
 * What was broadcast lately, in order, in a ring. Whoever registers an interest asks two things: whether something passed by
 * between two moments (when that is too long ago to be known, it may have), and what it was during the last seconds, whose
 * durable copies may not be written yet.
 *
 * Must hold: a body is referred to for `catchUpReplayMs` at most, so that `release` is called now and then.
 */
import type { Clock } from '../../clock.ts';
import type { UserId } from '../../ids.ts';
import type { Limits } from '../../limits.ts';
import type { EventBodies } from './event-bodies.ts';
import { NO_HANDLE } from './handle-table.ts';

interface Broadcast {
  readonly authorId: UserId;
  /** NO_HANDLE if the body could not be kept. */
  readonly handle: number;
  /** Monotonic. */
  readonly atMs: number;
}

export class RecentBroadcasts {
  private readonly clock: Pick<Clock, 'monotonic'>;
  private readonly limits: Limits;
  private readonly bodies: EventBodies;
  private readonly ring: Broadcast[] = [];
  private count = 0;
  /** The oldest whose body is still referred to; `count` if none is. */
  private oldestHeld = 0;
  /** How many of the held ones are by each author. */
  private readonly heldBy = new Map<UserId, number>();

  constructor(clock: Pick<Clock, 'monotonic'>, limits: Limits, bodies: EventBodies) {
    this.clock = clock;
    this.limits = limits;
    this.bodies = bodies;
  }

  /** The moment of now. */
  get mark(): number {
    return this.count;
  }

  /** `handle`: of the event's body; the ring takes a reference of its own. */
  note(authorId: UserId, handle: number): void {
    if (this.count - this.oldestHeld >= this.limits.activationBroadcasts) this.releaseOldest();
    if (handle !== NO_HANDLE) this.bodies.retain(handle);
    this.ring[this.count % this.limits.activationBroadcasts] = { authorId, handle, atMs: this.clock.monotonic() };
    this.count++;
    this.heldBy.set(authorId, (this.heldBy.get(authorId) ?? 0) + 1);
  }

  /** Lets go of what everybody can have caught up with by now. */
  release(): void {
    const before = this.clock.monotonic() - this.limits.catchUpReplayMs;
    while (this.oldestHeld < this.count && this.at(this.oldestHeld).atMs < before) this.releaseOldest();
  }

  releaseAll(): void {
    while (this.oldestHeld < this.count) this.releaseOldest();
  }

  /** Whether something by one of `authors` may have been noted since `mark`. */
  mayHold(authors: ReadonlySet<UserId>, mark: number): boolean {
    if (this.count - mark > this.limits.activationBroadcasts) return true;
    for (let place = mark; place < this.count; place++) {
      if (authors.has(this.at(place).authorId)) return true;
    }
    return false;
  }

  /** Bodies by `authors` or `self` that are still held, the newest `catchUpReplayEvents` of them, oldest first. */
  heldOf(authors: ReadonlySet<UserId>, self: UserId): number[] {
    const handles: number[] = [];
    if (this.heldBy.size === 0 || !(this.heldBy.has(self) || this.holdsAny(authors))) return handles;
    for (let place = this.count - 1; place >= this.oldestHeld; place--) {
      const { authorId, handle } = this.at(place);
      if (handle === NO_HANDLE || !(authorId === self || authors.has(authorId))) continue;
      if (handles.length >= this.limits.catchUpReplayEvents) break;
      handles.push(handle);
    }
    return handles.reverse();
  }

  /** Nearly always false, and so it must be cheap: the shorter of both is gone through. */
  private holdsAny(authors: ReadonlySet<UserId>): boolean {
    const [few, many] = this.heldBy.size < authors.size ? [this.heldBy, authors] : [authors, this.heldBy];
    for (const authorId of few.keys()) {
      if (many.has(authorId)) return true;
    }
    return false;
  }

  private at(place: number): Broadcast {
    const broadcast = this.ring[place % this.limits.activationBroadcasts];
    return broadcast ?? { authorId: '' as UserId, handle: NO_HANDLE, atMs: 0 };
  }

  private releaseOldest(): void {
    const { authorId, handle } = this.at(this.oldestHeld);
    this.oldestHeld++;
    if (handle !== NO_HANDLE) this.bodies.release(handle);
    const left = (this.heldBy.get(authorId) ?? 1) - 1;
    if (left === 0) this.heldBy.delete(authorId);
    else this.heldBy.set(authorId, left);
  }
}
