/** A server that has done what was asked of it, and what follows from that. */
import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds } from './process-figures.ts';
import type { Scale } from './scenario.ts';

/** A while in which it hardly works: a shorter one where figures are not judged. */
const REST_MS = { small: 100, full: 250 } as const;
const REST_CPU_SHARE = 0.04;
/** A server that still works after so long is measured with what it does. */
const WAIT_MS_MAX = 20_000;

export async function atRest(pid: number, scale: Scale, waitMsMax = WAIT_MS_MAX): Promise<void> {
  const restMs = REST_MS[scale];
  let before = cpuSeconds(pid);
  for (let waitedMs = 0; waitedMs < waitMsMax; waitedMs += restMs) {
    await pause(restMs);
    const now = cpuSeconds(pid);
    if ((now - before) * 1000 < REST_CPU_SHARE * restMs) return;
    before = now;
  }
}
