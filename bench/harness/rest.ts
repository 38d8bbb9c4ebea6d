/** A server that has done what was asked of it, and what follows from that. */
import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds } from './process-figures.ts';

/** A while in which it hardly works. */
const REST_MS = 250;
const REST_CPU_SECONDS = 0.01;
/** A server that still works after so long is measured with what it does. */
const WAIT_MS_MAX = 20_000;

export async function atRest(pid: number, waitMsMax = WAIT_MS_MAX): Promise<void> {
  let before = cpuSeconds(pid);
  for (let waitedMs = 0; waitedMs < waitMsMax; waitedMs += REST_MS) {
    await pause(REST_MS);
    const now = cpuSeconds(pid);
    if (now - before < REST_CPU_SECONDS) return;
    before = now;
  }
}
