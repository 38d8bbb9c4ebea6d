/**
 * The time of a harness whose adapter runs by a manual clock. Always the same time, but other names: an engine may still
 * hold what an earlier run wrote, or removed, under the same write times.
 */
import { randomInt } from 'node:crypto';
import { ManualClock } from '../support/manual-clock.ts';

export function manualTime(): { clock: ManualClock; timeIsManual: true; advance(durationMs: number): Promise<void> } {
  const clock = new ManualClock({ seed: randomInt(2 ** 31) });
  return { clock, timeIsManual: true, advance: (durationMs) => clock.advanceAsync(durationMs) };
}
