/**
 * Some events that go into many logs, one log after the other. What that costs beside the words that are written is counted
 * here and paid once for all logs: the references which they take, and those which they give back for what makes room.
 *
 * Must hold: the caller keeps a reference of its own to every event of the run until `settle`; an event that fell out of a
 * log counts as held until then.
 */
import { invariant } from '../../errors.ts';
import type { EventBodies } from './event-bodies.ts';
import { NO_HANDLE } from './handle-table.ts';

/** Above the length of every run. */
const LENGTHS = 64;

/** Of the run with that number; 0 of none. */
export function lengthOfRun(number: number): number {
  return number % LENGTHS;
}

export interface Ring {
  /** Of its first word in the chunk. */
  base: number;
  capacity: number;
}

export class EventRun {
  /** Names these events, and says how many they are: see `lengthOfRun`. Never 0, and never twice. */
  readonly number: number;
  private readonly handles: Uint32Array;
  private readonly bodies: EventBodies;
  private logs = 0;
  /** What fell out last at each place of the run, how often, and when this node had heard of it. Logs of one audience are alike. */
  private readonly fallen: Uint32Array;
  private readonly fallenCounts: Uint32Array;
  private readonly fallenAtMs: Float64Array;
  /** Beside those counts: logs out of which all of `fallen` fell. */
  private wholeLogs = 0;
  /** When this node had heard of the newest of `fallen`, if all of that fell out of one log; else null. */
  private wholeAtMs: number | null = null;

  /** `place`: of the run among all that were ever made, from 1. */
  constructor(bodies: EventBodies, handles: readonly number[], place: number) {
    invariant(handles.length < LENGTHS, 'a run of so many events has no number');
    this.number = place * LENGTHS + handles.length;
    this.bodies = bodies;
    this.handles = Uint32Array.from(handles);
    this.fallen = new Uint32Array(handles.length);
    this.fallenCounts = new Uint32Array(handles.length);
    this.fallenAtMs = new Float64Array(handles.length);
  }

  get length(): number {
    return this.handles.length;
  }

  /**
   * Writes the events into a ring of `ring.capacity` words from `ring.base` on, the first of them at `place`, over what may
   * stand there when `free` places are filled. Returns when this node had heard of the newest that fell out; −Infinity if
   * nothing did.
   */
  write(chunk: Uint32Array, ring: Readonly<Ring>, place: number, free: number): number {
    const { handles, fallen, fallenCounts, fallenAtMs } = this;
    this.logs++;
    const isFull = free <= 0;
    // Nearly every log of an audience: what falls is compared and counted at once. (Not of a ring shorter than the run: out of
    // that the run itself falls, which no log held before.)
    if (isFull && this.wholeAtMs !== null && this.fallsAgain(chunk, ring, place)) {
      this.wholeLogs++;
      this.fill(chunk, ring, place);
      return this.wholeAtMs;
    }
    const { base, capacity } = ring;
    let fellAtMs = Number.NEGATIVE_INFINITY;
    let slot = base + place;
    for (let at = 0; at < handles.length; at++) {
      if (at >= free) {
        const old = chunk[slot] ?? NO_HANDLE;
        if (fallen[at] !== old) this.turnTo(at, old);
        fallenCounts[at] = (fallenCounts[at] ?? 0) + 1;
        fellAtMs = Math.max(fellAtMs, fallenAtMs[at] ?? 0);
      }
      chunk[slot] = handles[at] ?? NO_HANDLE;
      if (++slot === base + capacity) slot = base;
    }
    if (isFull) this.wholeAtMs = fellAtMs;
    return fellAtMs;
  }

  private fallsAgain(chunk: Uint32Array, { base, capacity }: Readonly<Ring>, place: number): boolean {
    const { fallen } = this;
    let slot = base + place;
    for (let at = 0; at < fallen.length; at++) {
      if (chunk[slot] !== fallen[at]) return false;
      if (++slot === base + capacity) slot = base;
    }
    return true;
  }

  private fill(chunk: Uint32Array, { base, capacity }: Readonly<Ring>, place: number): void {
    const { handles } = this;
    let slot = base + place;
    for (let at = 0; at < handles.length; at++) {
      chunk[slot] = handles[at] ?? NO_HANDLE;
      if (++slot === base + capacity) slot = base;
    }
  }

  private turnTo(at: number, handle: number): void {
    if (this.fallenCounts[at] !== 0 || this.wholeLogs > 0) this.settle();
    this.wholeAtMs = null;
    this.fallen[at] = handle;
    this.fallenAtMs[at] = this.bodies.get(handle).createdAtMs;
  }

  /** Counts all references, those taken first. Afterwards the run may go into further logs. */
  settle(): void {
    const { handles, fallen, fallenCounts, bodies } = this;
    if (this.logs > 0) for (const handle of handles) bodies.retain(handle, this.logs);
    this.logs = 0;
    for (let place = 0; place < handles.length; place++) {
      const count = (fallenCounts[place] ?? 0) + this.wholeLogs;
      if (count > 0) bodies.release(fallen[place] ?? NO_HANDLE, count);
      fallenCounts[place] = 0;
    }
    this.wholeLogs = 0;
  }
}
