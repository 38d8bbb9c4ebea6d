/**
 * Time, timers and randomness. The only file that may touch `Date`, `Math.random`, `performance` or the global timers:
 * everything else is handed a `Clock`, so that tests and simulations own the time.
 */
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';

export interface Timer {
  cancel(): void;
}

export interface AfterOptions {
  /** The process does not end before the task ran, though nothing else is left to do. */
  readonly keepsAlive?: boolean;
}

export interface Clock {
  /** Wall time in milliseconds since 1970. May step; never used to measure a duration. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back. */
  monotonic(): number;
  /**
   * Runs `task` once after `delayMs`; with 0, as soon as what is ready now has run. A pending timer does not keep the
   * process alive unless it is told to.
   */
  after(delayMs: number, task: () => void, options?: AfterOptions): Timer;
  /** Runs `task` every `periodMs` until cancelled. Does not keep the process alive. */
  every(periodMs: number, task: () => void): Timer;
  /** Uniform in [0, 1). For jitter, never for secrets. */
  random(): number;
  /** Cryptographically random bytes. */
  randomBytes(count: number): Buffer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, task, options) {
    // The shortest timer of the runtime is a millisecond.
    if (delayMs <= 0) return soon(task);
    const handle = setTimeout(task, delayMs);
    if (options?.keepsAlive !== true) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  every(periodMs, task) {
    const handle = setInterval(task, periodMs);
    handle.unref();
    return { cancel: () => clearInterval(handle) };
  },
  random: () => Math.random(),
  randomBytes: (count) => randomBytes(count),
};

function soon(task: () => void): Timer {
  // It stays referenced: with none that is, the event loop sleeps over those that are ready.
  const handle = setImmediate(task);
  return { cancel: () => clearImmediate(handle) };
}

/** Resolves after `delayMs` of the clock's time. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

/** Lets everything that is ready run first: one turn of the event loop, which takes no time of any clock. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Full jitter: uniform in [0, min(cap, base·2^attempt)). `attempt` counts from 0. */
export function jitteredBackoffMs(clock: Clock, attempt: number, baseMs: number, capMs: number): number {
  return clock.random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}
