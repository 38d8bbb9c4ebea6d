/** A clock that stands still until a test moves it. Timers never fire by themselves. */
import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../../src/clock.ts';

export class ManualClock implements Clock {
  private wallMs: number;
  /** What `random` gives. */
  chance = 0.5;

  constructor(startMs: number = Date.UTC(2026, 0, 15)) {
    this.wallMs = startMs;
  }

  now(): number {
    return this.wallMs;
  }

  monotonic(): number {
    return this.wallMs;
  }

  advance(durationMs: number): void {
    this.wallMs += durationMs;
  }

  after(): Timer {
    return { cancel() {} };
  }

  every(): Timer {
    return { cancel() {} };
  }

  random(): number {
    return this.chance;
  }

  randomBytes(count: number): Buffer {
    return randomBytes(count);
  }
}
