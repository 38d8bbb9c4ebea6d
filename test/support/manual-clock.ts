/** A clock that stands still until told otherwise. Timers run in order of their time; randomness comes from a seed. */
import type { Clock, Timer } from '../../src/clock.ts';

interface Pending {
  atMs: number;
  readonly periodMs: number | null;
  readonly task: () => void;
}

export class ManualClock implements Clock {
  private wallMs: number;
  private elapsedMs = 0;
  private pending: Pending[] = [];
  private seed: number;

  constructor(options: { startMs?: number; seed?: number } = {}) {
    this.wallMs = options.startMs ?? Date.UTC(2026, 0, 1);
    this.seed = options.seed ?? 1;
  }

  now(): number {
    return this.wallMs;
  }

  monotonic(): number {
    return this.elapsedMs;
  }

  after(delayMs: number, task: () => void): Timer {
    return this.schedule(delayMs, null, task);
  }

  every(periodMs: number, task: () => void): Timer {
    return this.schedule(periodMs, periodMs, task);
  }

  /** mulberry32. */
  random(): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  randomBytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => Math.floor(this.random() * 256)));
  }

  /** Timers that wait. */
  get timerCount(): number {
    return this.pending.length;
  }

  /** Steps the wall clock alone, as an administrator or a time server does. */
  stepWall(byMs: number): void {
    this.wallMs += byMs;
  }

  /** Lets time pass, running what falls due on the way. */
  advance(byMs: number): void {
    const until = this.elapsedMs + byMs;
    for (;;) {
      const due = this.takeDue(until);
      if (due === null) break;
      this.moveTo(due.atMs);
      due.task();
    }
    this.moveTo(until);
  }

  /** As `advance`, and lets promises settle before, between the timers and afterwards. */
  async advanceAsync(byMs: number): Promise<void> {
    const until = this.elapsedMs + byMs;
    for (;;) {
      await settlePromises();
      const due = this.takeDue(until);
      if (due === null) break;
      this.moveTo(due.atMs);
      due.task();
    }
    this.moveTo(until);
    await settlePromises();
  }

  private schedule(delayMs: number, periodMs: number | null, task: () => void): Timer {
    const atMs = this.elapsedMs + Math.max(0, delayMs);
    const entry: Pending = { atMs, periodMs, task };
    this.enqueue(entry);
    return {
      cancel: () => {
        this.pending = this.pending.filter((other) => other !== entry);
      },
    };
  }

  /** Keeps `pending` in order of time, then of scheduling. */
  private enqueue(entry: Pending): void {
    let low = 0;
    let high = this.pending.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.pending[middle]?.atMs ?? 0) <= entry.atMs) low = middle + 1;
      else high = middle;
    }
    this.pending.splice(low, 0, entry);
  }

  private takeDue(until: number): Pick<Pending, 'atMs' | 'task'> | null {
    const first = this.pending[0];
    if (first === undefined || first.atMs > until) return null;
    const dueMs = first.atMs;
    this.pending.shift();
    if (first.periodMs !== null) {
      first.atMs += first.periodMs;
      this.enqueue(first);
    }
    return { atMs: dueMs, task: first.task };
  }

  private moveTo(elapsedMs: number): void {
    this.wallMs += elapsedMs - this.elapsedMs;
    this.elapsedMs = elapsedMs;
  }
}

/** Lets every promise that can settle without time settle. */
export async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
