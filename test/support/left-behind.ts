/** What keeps a process from ending: a test that leaves something running is told so by name, and not by a time-out. */
import { sleep, systemClock } from '../../src/clock.ts';

const PATIENCE_MS = 30_000;
const LOOK_MS = 100;

/** Timers, sockets, pipes and processes there are now, by kind. */
export type Resources = ReadonlyMap<string, number>;

export function resourcesNow(): Resources {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Resolves once there is no more of anything than `before`; rejects with what is left. */
export async function nothingMoreThan(before: Resources): Promise<void> {
  const untilMs = systemClock.monotonic() + PATIENCE_MS;
  for (;;) {
    const left = [...resourcesNow()].filter(([kind, count]) => count > (before.get(kind) ?? 0));
    if (left.length === 0) return;
    if (systemClock.monotonic() > untilMs) {
      throw new Error(`still there: ${left.map(([kind, count]) => `${count} ${kind}`).join(', ')}`);
    }
    await sleep(systemClock, LOOK_MS);
  }
}
