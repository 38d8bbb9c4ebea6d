/** Waiting for a server to come to rest: what it still does for what was before is not part of what is measured next. */
import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds } from './process-figures.ts';
import type { Scale } from './scenario.ts';

interface Rest {
  /** A while in which the process hardly works … */
  readonly windowMs: number;
  /** … so many times in a row. */
  readonly windows: number;
  readonly cpuShare: number;
  readonly waitMsMax: number;
}

/**
 * Behind a start: work on files comes in bursts, with waits for the disk in between. Timers that a server at rest has, and
 * collecting garbage behind the start, need less than the share.
 */
const AFTER_START: Rest = { windowMs: 100, windows: 4, cpuShare: 0.05, waitMsMax: 60_000 };
/** Between measurements; shorter where figures are not judged. */
const BETWEEN = {
  small: { windowMs: 100, windows: 1, cpuShare: 0.04, waitMsMax: 20_000 },
  full: { windowMs: 250, windows: 1, cpuShare: 0.04, waitMsMax: 20_000 },
} as const satisfies Record<Scale, Rest>;

/** Resolves when the process has done what a start or many commands left to do, whatever that is called and made of. */
export async function untilQuiet(pid: number): Promise<void> {
  if (!(await rested(pid, AFTER_START))) throw new Error(`process ${pid} does not come to rest`);
}

/** A server that still works after `waitMsMax` is measured with what it does. */
export async function atRest(pid: number, scale: Scale, waitMsMax: number = BETWEEN[scale].waitMsMax): Promise<void> {
  await rested(pid, { ...BETWEEN[scale], waitMsMax });
}

/** False if it did not in time. */
async function rested(pid: number, { windowMs, windows, cpuShare, waitMsMax }: Rest): Promise<boolean> {
  let before = cpuSeconds(pid);
  let quiet = 0;
  for (let waitedMs = 0; quiet < windows && waitedMs < waitMsMax; waitedMs += windowMs) {
    await pause(windowMs);
    const now = cpuSeconds(pid);
    quiet = (now - before) * 1000 < cpuShare * windowMs ? quiet + 1 : 0;
    before = now;
  }
  return quiet === windows;
}
