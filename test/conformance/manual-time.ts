/** The time of a harness whose adapter runs by a manual clock. */
import { ManualClock } from '../support/manual-clock.ts';

export function manualTime(): { clock: ManualClock; timeIsManual: true; advance(durationMs: number): Promise<void> } {
  const clock = new ManualClock();
  return { clock, timeIsManual: true, advance: (durationMs) => clock.advanceAsync(durationMs) };
}
