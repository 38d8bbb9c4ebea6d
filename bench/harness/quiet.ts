/** Waiting for a process to come to rest: what a start leaves behind is not part of what is measured next. */
import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds } from './process-figures.ts';

const WINDOW_MS = 100;
/** In a row: work on files comes in bursts, with waits for the disk in between. */
const WINDOWS = 4;
/** Timers that a server at rest has, and collecting garbage behind the start, need less. */
const SHARE_MAX = 0.05;
const WAIT_MS_MAX = 60_000;

/** Resolves when the process has had next to nothing to do for a while, whatever it is called and made of. */
export async function untilQuiet(pid: number): Promise<void> {
  const giveUpAtMs = performance.now() + WAIT_MS_MAX;
  let before = cpuSeconds(pid);
  for (let quiet = 0; quiet < WINDOWS; ) {
    if (performance.now() > giveUpAtMs) throw new Error(`process ${pid} does not come to rest`);
    await pause(WINDOW_MS);
    const now = cpuSeconds(pid);
    quiet = (now - before) * 1000 < SHARE_MAX * WINDOW_MS ? quiet + 1 : 0;
    before = now;
  }
}
