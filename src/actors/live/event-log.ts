/**
 * Each actor's log: a ring of references to its newest events, numbered 1, 2, 3… from its activation.
 *
 *      oldest = head − held + 1                       head
 *   ───────┬──────┬──────┬──────┬──────┬──────┬──────┬─────
 *          │ body │ body │ body │ body │ body │ body │          slot of seq = seq mod capacity
 *
 * Must hold: numbers never shift and never repeat within an activation; a held seq refers to a live body.
 *
 * Cursor of a position: every inbox row with an arrivalId below it was appended at or below that seq, or was there when
 * the activation read began. Why: such a row was acknowledged within `lateWriteMs` of its arrivalId (else it was written
 * again with a fresh one) and delivered right after, so at least `overlapMs − lateWriteMs` before the event at that
 * position was first heard of here, and everything delivered earlier has a smaller number.
 */
import { invariant } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { Float64Column, Uint32Column } from './columns.ts';
import { cursorFrom, type EventBodies } from './event-bodies.ts';
import type { EventRun, Ring } from './event-run.ts';
import { NO_HANDLE } from './handle-table.ts';
import type { Slab } from './slab.ts';

const CAPACITY_MIN = 8;

export class EventLogs {
  private readonly slab: Slab;
  private readonly bodies: EventBodies;
  private readonly limits: Limits;
  private readonly addresses = new Uint32Column();
  private readonly capacities = new Uint32Column();
  private readonly heads = new Uint32Column();
  private readonly helds = new Uint32Column();
  /** Wall time before which everything is at or below the position in front of the oldest held event. */
  private readonly bases = new Float64Column();
  /** Number of the newest body on the node when the log was appended to last: the ring holds none that is newer. */
  private readonly newestNumbers = new Float64Column();
  /** Number of the run whose events are the newest of the log; 0 if something else is. */
  private readonly newestRuns = new Float64Column();
  /** Where a run goes: one object for all logs. */
  private readonly ring: Ring = { base: 0, capacity: 0 };

  constructor(slab: Slab, bodies: EventBodies, limits: Limits) {
    this.slab = slab;
    this.bodies = bodies;
    this.limits = limits;
  }

  /** An empty log. `baseMs`: wall time at which the activation's read began. */
  open(actor: number, baseMs: number): void {
    this.addresses.begin(actor, 0);
    this.capacities.begin(actor, 0);
    this.heads.begin(actor, 0);
    this.helds.begin(actor, 0);
    this.bases.begin(actor, baseMs);
    this.newestNumbers.begin(actor, 0);
    this.newestRuns.begin(actor, 0);
  }

  drop(actor: number): void {
    this.releaseAll(actor);
    const capacity = this.capacities.get(actor);
    if (capacity > 0) this.slab.free(this.addresses.get(actor), capacity);
    this.capacities.set(actor, 0);
  }

  head(actor: number): number {
    return this.heads.get(actor);
  }

  /** Smallest number that is still held; head + 1 if none is. */
  oldest(actor: number): number {
    return this.heads.get(actor) - this.helds.get(actor) + 1;
  }

  /** The new event's number. The log takes its own reference to the body. */
  append(actor: number, handle: number): number {
    this.bodies.retain(handle);
    const held = this.helds.get(actor);
    if (held === this.capacities.get(actor) && held < this.limits.logRingEvents) this.growRing(actor);
    const capacity = this.capacities.get(actor);
    const seq = this.heads.get(actor) + 1;
    const address = this.addresses.get(actor);
    const chunk = this.slab.chunk(address);
    const slot = this.slab.offset(address) + (seq % capacity);
    if (held === capacity) {
      const oldest = chunk[slot] ?? NO_HANDLE;
      this.bases.set(actor, Math.max(this.bases.get(actor), this.bodies.get(oldest).createdAtMs));
      this.bodies.release(oldest);
    } else {
      this.helds.set(actor, held + 1);
    }
    chunk[slot] = handle;
    this.heads.set(actor, seq);
    this.newestNumbers.set(actor, this.bodies.newestNumber);
    this.newestRuns.set(actor, 0);
    return seq;
  }

  /** Appends all events of the run, of which the log holds none. Their references are counted by `run.settle`. */
  appendRun(actor: number, run: EventRun): void {
    const held = this.helds.get(actor);
    const wanted = Math.min(this.limits.logRingEvents, held + run.length);
    while (this.capacities.get(actor) < wanted) this.growRing(actor);
    const capacity = this.capacities.get(actor);
    const address = this.addresses.get(actor);
    const head = this.heads.get(actor);
    this.ring.base = this.slab.offset(address);
    this.ring.capacity = capacity;
    const fellAtMs = run.write(this.slab.chunk(address), this.ring, (head + 1) % capacity, capacity - held);
    if (fellAtMs > this.bases.get(actor)) this.bases.set(actor, fellAtMs);
    this.helds.set(actor, wanted);
    this.heads.set(actor, head + run.length);
    this.newestNumbers.set(actor, this.bodies.newestNumber);
    this.newestRuns.set(actor, run.number);
  }

  newestRun(actor: number): number {
    return this.newestRuns.get(actor);
  }

  /** Whether the first `count` of `handles` stand from `seq` on, all numbers of which must be in the ring. */
  holds(actor: number, seq: number, handles: Uint32Array, count: number): boolean {
    const capacity = this.capacities.get(actor);
    const address = this.addresses.get(actor);
    const chunk = this.slab.chunk(address);
    const base = this.slab.offset(address);
    let slot = base + (seq % capacity);
    for (let place = 0; place < count; place++) {
      if (chunk[slot] !== handles[place]) return false;
      if (++slot === base + capacity) slot = base;
    }
    return true;
  }

  /** An event that could not be kept: it takes a number, nothing up to it is held, and so every session is behind. */
  lose(actor: number, nowMs: number): void {
    this.releaseAll(actor);
    this.heads.set(actor, this.heads.get(actor) + 1);
    this.bases.set(actor, nowMs);
    this.newestRuns.set(actor, 0);
  }

  handleAt(actor: number, seq: number): number {
    invariant(seq >= this.oldest(actor) && seq <= this.heads.get(actor), 'a number outside the ring');
    const address = this.addresses.get(actor);
    const slot = this.slab.offset(address) + (seq % this.capacities.get(actor));
    return this.slab.chunk(address)[slot] ?? NO_HANDLE;
  }

  /** The newest number under which the ring holds the event; 0 if it does not. */
  newestSeqOf(actor: number, handle: number): number {
    // Nearly always: what is told for the first time is newer than all that was appended.
    if (this.bodies.get(handle).number > this.newestNumbers.get(actor)) return 0;
    const oldest = this.oldest(actor);
    // Newest first: a copy usually comes right after the original.
    for (let seq = this.heads.get(actor); seq >= oldest; seq--) {
      if (this.handleAt(actor, seq) === handle) return seq;
    }
    return 0;
  }

  /**
   * The place behind which everything is young: a device that catches up is put here, so that it gets from the log what its
   * inbox may not hold yet. As far back as `catchUpReplayMs` and `catchUpReplayEvents` allow.
   */
  settled(actor: number, nowMs: number): number {
    const { catchUpReplayEvents, catchUpReplayMs } = this.limits;
    const head = this.heads.get(actor);
    const last = Math.max(this.oldest(actor) - 1, head - catchUpReplayEvents);
    let seq = head;
    while (seq > last && this.bodies.get(this.handleAt(actor, seq)).createdAtMs > nowMs - catchUpReplayMs) seq--;
    return seq;
  }

  /** `seq`: a held number, or the one in front of the oldest held. */
  cursorAt(actor: number, seq: number): string {
    if (seq >= this.oldest(actor)) return this.bodies.get(this.handleAt(actor, seq)).cursor;
    invariant(seq === this.oldest(actor) - 1, 'a position that fell off the ring has no cursor');
    return cursorFrom(this.bases.get(actor), this.limits.overlapMs);
  }

  private growRing(actor: number): void {
    const held = this.capacities.get(actor);
    const capacity = Math.min(this.limits.logRingEvents, Math.max(CAPACITY_MIN, held * 2));
    const address = this.slab.allocate(capacity);
    const chunk = this.slab.chunk(address);
    const base = this.slab.offset(address);
    for (let seq = this.oldest(actor); seq <= this.heads.get(actor); seq++) {
      chunk[base + (seq % capacity)] = this.handleAt(actor, seq);
    }
    if (held > 0) this.slab.free(this.addresses.get(actor), held);
    this.addresses.set(actor, address);
    this.capacities.set(actor, capacity);
  }

  private releaseAll(actor: number): void {
    for (let seq = this.oldest(actor); seq <= this.heads.get(actor); seq++) {
      this.bodies.release(this.handleAt(actor, seq));
    }
    this.helds.set(actor, 0);
  }
}
