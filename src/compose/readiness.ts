/** Whether everything this process needs answers: each part, exercised end to end, and each in its own time, so that the verdict names it. */
import { type Clock, sleep } from '../clock.ts';
import { limits } from '../limits.ts';
import type { Resources } from './resources.ts';

export interface ReadinessVerdict {
  readonly ok: boolean;
  /** By part: `ok` or `away`. */
  readonly checks: Readonly<Record<string, string>>;
}

export async function readiness({ store, blobs, queue, slot }: Resources, clock: Clock): Promise<ReadinessVerdict> {
  const check = async (probe: () => Promise<void>): Promise<string> =>
    Promise.race([
      probe().then(
        () => 'ok',
        () => 'away',
      ),
      sleep(clock, limits.readinessMs).then(() => 'away'),
    ]);
  const [tables, files, jobs] = await Promise.all([
    check(() => store.ping()),
    check(() => blobs.ping()),
    check(() => queue.ping()),
  ]);
  const checks = { store: tables, blobs: files, queue: jobs, ids: slot.usable ? 'ok' : 'away' };
  return { ok: Object.values(checks).every((state) => state === 'ok'), checks };
}
