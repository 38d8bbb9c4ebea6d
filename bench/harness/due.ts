/** Waiting for a moment to the microsecond. */
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { nowUs } from './markers.ts';

/** A timer may be a millisecond late; the rest is waited for in turns of the event loop. */
const TIMER_SLOP_MS = 2;

/** Resolves no earlier than `dueUs`, and as soon after it as the event loop has a turn. */
export async function untilDue(dueUs: number): Promise<void> {
  const sleepMs = (dueUs - nowUs()) / 1000 - TIMER_SLOP_MS;
  if (sleepMs > 0) await pause(sleepMs);
  while (nowUs() < dueUs) await turn();
}
