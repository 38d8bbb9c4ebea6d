/** Phones that lose the connection and come back, and what that costs the server. */
import type { Fleet } from '../harness/fleet.ts';
import { cpuSeconds } from '../harness/process-figures.ts';
import { atRest } from '../harness/rest.ts';
import type { Sample } from '../harness/rounds.ts';
import type { Scale } from '../harness/scenario.ts';
import type { Greeting } from '../load/load-calls.ts';
import type { DeliveryTotals } from './deliveries.ts';

/** Those who leave and come back, and what can happen meanwhile. */
export interface Audience {
  readonly pid: number;
  /** Where the server keeps its packets outside of itself. */
  readonly redisPid?: number;
  readonly fleet: Fleet;
  /** Event `number` for all of them. */
  readonly happen: (number: number) => Promise<void>;
  /** So many events for others. */
  readonly traffic: (count: number) => Promise<void>;
  /** Number of the next event for them. */
  next: number;
}

export interface Absence {
  /** It says how long a server must rest first. */
  readonly scale: Scale;
  readonly greeting: Greeting;
  readonly cycles: number;
  readonly missed: number;
  readonly traffic: number;
}

export async function measureReturn(audience: Audience, absence: Absence, totals: DeliveryTotals): Promise<Sample> {
  const { fleet, pid, redisPid } = audience;
  let cpu = 0;
  let redisCpu = 0;
  let returned = 0;
  for (let cycle = 0; cycle < absence.cycles; cycle++) {
    const first = audience.next;
    audience.next += absence.missed;
    await fleet.cut();
    await audience.traffic(absence.traffic);
    await fleet.begin([first]);
    for (let number = first; number < audience.next; number++) await audience.happen(number);
    // It has heard that everybody is gone, and has done what follows.
    await atRest(pid, absence.scale);
    const before = cpuSeconds(pid);
    const redisBefore = cpuOf(redisPid);
    const { opened, modes } = await fleet.reopen(absence.greeting);
    await fleet.delivered(absence.missed);
    cpu += cpuSeconds(pid) - before;
    redisCpu += cpuOf(redisPid) - redisBefore;
    returned += opened;
    if (modes['behind'] !== undefined) throw new Error('a resume was refused');
    totals.add(await fleet.finish([audience.next]));
  }
  return {
    returnsPerCpuSecond: returned / cpu,
    cpuMicrosecondsPerReturn: (cpu * 1e6) / returned,
    ...(redisPid === undefined ? {} : { redisCpuMicrosecondsPerReturn: (redisCpu * 1e6) / returned }),
  };
}

function cpuOf(pid: number | undefined): number {
  return pid === undefined ? 0 : cpuSeconds(pid);
}
