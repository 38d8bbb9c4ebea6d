/**
 * Deadlines of one length, all kept by one timer: nearly everything is done long before its own, and a timer each would
 * cost more than most of what is waited for.
 *
 * They are due in the order in which they were set. At most as many that were met as others are kept (beyond a thousand):
 * one that is never met does not make the list grow behind it.
 */
import type { Clock, Timer } from './clock.ts';

const COMPACTED_FROM = 1024;

export interface Deadline {
  /** What was waited for has ended: `expire` is not called. */
  met(): void;
}

export class Deadlines {
  private readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  private readonly delayMs: number;
  private pending: PendingDeadline[] = [];
  private readonly open = { count: 0 };
  private timer: Timer | null = null;

  constructor(clock: Pick<Clock, 'monotonic' | 'after'>, delayMs: number) {
    this.clock = clock;
    this.delayMs = delayMs;
  }

  /** Those that are kept, met ones not yet let go included. */
  get kept(): number {
    return this.pending.length;
  }

  /** Calls `expire` once the time is over, unless the deadline is met before. */
  start(expire: () => void): Deadline {
    const deadline = new PendingDeadline(this.clock.monotonic() + this.delayMs, expire, this.open);
    this.pending.push(deadline);
    this.timer ??= this.clock.after(this.delayMs, () => this.expire());
    if (this.pending.length > COMPACTED_FROM && this.pending.length >= this.open.count * 2) {
      this.pending = this.pending.filter(isOpen);
    }
    return deadline;
  }

  /** The work's outcome, or what `late` makes once the time is over; the work goes on, its outcome unknown to the caller. */
  limit<Result>(work: Promise<Result>, late: () => Error): Promise<Result> {
    return new Promise((resolve, reject) => {
      const deadline = this.start(() => reject(late()));
      work.then(
        (result) => {
          deadline.met();
          resolve(result);
        },
        (error: unknown) => {
          deadline.met();
          reject(error);
        },
      );
    });
  }

  private expire(): void {
    const now = this.clock.monotonic();
    this.pending = this.pending.filter(isOpen);
    const late = this.pending.filter(({ atMs }) => atMs <= now);
    this.pending = this.pending.slice(late.length);
    const next = this.pending[0];
    this.timer = next === undefined ? null : this.clock.after(next.atMs - now, () => this.expire());
    for (const deadline of late) deadline.pass();
  }
}

class PendingDeadline implements Deadline {
  readonly atMs: number;
  /** Null once it was met or has passed. */
  private expire: (() => void) | null;
  private readonly open: { count: number };

  constructor(atMs: number, expire: () => void, open: { count: number }) {
    this.atMs = atMs;
    this.expire = expire;
    this.open = open;
    open.count++;
  }

  get isOpen(): boolean {
    return this.expire !== null;
  }

  met(): void {
    if (this.expire === null) return;
    this.expire = null;
    this.open.count--;
  }

  pass(): void {
    const { expire } = this;
    this.met();
    expire?.();
  }
}

function isOpen(deadline: PendingDeadline): boolean {
  return deadline.isOpen;
}
