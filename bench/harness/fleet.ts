/** The phones of one system: as many load processes as descriptors ask for, spoken to as one. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ClientIdentity, Greeting, LoadCalls, LoadReport, LoadTarget, OpenOutcome } from '../load/load-calls.ts';
import { Program } from './calls.ts';
import { addFaults, type DeliveryReport, NO_FAULTS } from './delivery-check.ts';
import { Histogram } from './histogram.ts';

const ENTRY = join(import.meta.dirname, '..', 'load', 'load-process.ts');
/** Of at most 20,000 descriptors. */
const CLIENTS_PER_PROCESS = 15_000;
const CONCURRENCY = 64;
const DELIVERY_TIMEOUT_MS = 60_000;
const POLL_MS = 5;
/** Source addresses of a process and of a fleet. */
const ADDRESSES_PER_PROCESS = 5;
const ADDRESSES_PER_FLEET = 20;

export interface FleetReport extends DeliveryReport {
  readonly frames: number;
  readonly closed: number;
  readonly closeReasons: readonly string[];
  readonly latency: Histogram;
  /** Latency of each number where it was seen last. */
  readonly last: Histogram;
}

export interface Opened {
  readonly opened: number;
  readonly modes: Readonly<Record<string, number>>;
  readonly handshake: Histogram;
}

export class Fleet {
  readonly target: LoadTarget;
  private readonly place: number;
  private readonly processes: { readonly program: Program<LoadCalls>; clients: number }[] = [];

  /** `place`: which fleet of the run this is; each has source addresses of its own. */
  constructor(target: LoadTarget, place = 0) {
    this.target = target;
    this.place = place;
  }

  get size(): number {
    return this.processes.reduce((sum, { clients }) => sum + clients, 0);
  }

  /** Of its processes. */
  get pids(): readonly number[] {
    return this.processes.map(({ program }) => program.pid);
  }

  async open(clients: readonly ClientIdentity[]): Promise<Opened> {
    const outcomes: OpenOutcome[] = [];
    for (let start = 0; start < clients.length; ) {
      const process = this.withRoom();
      const taken = clients.slice(start, start + CLIENTS_PER_PROCESS - process.clients);
      const addressOffset = this.place * ADDRESSES_PER_FLEET + (this.processes.length - 1) * ADDRESSES_PER_PROCESS;
      const input = { target: this.target, clients: taken, concurrency: CONCURRENCY, addressOffset };
      outcomes.push(await process.program.call('open', input));
      process.clients += taken.length;
      start += taken.length;
    }
    return summed(outcomes);
  }

  async cut(): Promise<void> {
    await this.all((program) => program.call('cut', null));
  }

  async reopen(greeting: Greeting, concurrency = CONCURRENCY): Promise<Opened> {
    return summed(await this.all((program) => program.call('reopen', { greeting, concurrency })));
  }

  /** `next`: the next number of each stream. */
  async begin(next: readonly number[]): Promise<void> {
    await this.all((program) => program.call('begin', { next }));
  }

  /** Resolves when every client has seen `perClient` events since `begin`. False if they did not in time. */
  async delivered(perClient: number, timeoutMs = DELIVERY_TIMEOUT_MS): Promise<boolean> {
    const counts = await Promise.all(
      this.processes.map(async ({ program, clients }) => {
        const wanted = perClient * clients;
        return (await program.call('waitFor', { delivered: wanted, timeoutMs })) >= wanted;
      }),
    );
    return counts.every(Boolean);
  }

  /** Resolves when all clients together have seen so many: some of them may not be reading. */
  async deliveredInAll(count: number, timeoutMs = DELIVERY_TIMEOUT_MS): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const seen = await this.all((program) => program.call('waitFor', { delivered: 0, timeoutMs: 0 }));
      if (seen.reduce((sum, each) => sum + each, 0) >= count || performance.now() > deadline) return;
      await pause(POLL_MS);
    }
  }

  /** Every client acknowledges what it owes, where there is such a thing. */
  async acknowledge(): Promise<void> {
    await this.all((program) => program.call('acknowledge', null));
  }

  /** Latencies since `begin`, so far. */
  async latency(): Promise<Histogram> {
    const latency = new Histogram();
    for (const pairs of await this.all((program) => program.call('latency', null))) latency.addPairs(pairs);
    return latency;
  }

  /** `ends`: one behind the last number of each stream. */
  async finish(ends: readonly number[]): Promise<FleetReport> {
    const reports = await this.all((program) => program.call('finish', { ends }));
    const latency = new Histogram();
    const last = new Histogram();
    for (const report of reports) {
      latency.addPairs(report.latencyUs);
      for (const value of report.lastUs) last.record(value);
    }
    const sum = (of: (report: LoadReport) => number): number => reports.reduce((total, each) => total + of(each), 0);
    return {
      ...reports.reduce<DeliveryReport>(
        (total, each) => ({ ...addFaults(total, each), delivered: total.delivered + each.delivered }),
        { ...NO_FAULTS, delivered: 0 },
      ),
      frames: sum((report) => report.frames),
      closed: sum((report) => report.closed),
      closeReasons: [...new Set(reports.flatMap((report) => Object.keys(report.closeReasons)))],
      latency,
      last,
    };
  }

  /** The first clients of the first process stop reading. */
  async pause(count: number): Promise<void> {
    await this.processes[0]?.program.call('pause', { count });
  }

  async resume(): Promise<void> {
    await this.all((program) => program.call('resume', null));
  }

  /** With resets: ports that linger would slow the connects of whoever comes next. */
  async stop(): Promise<void> {
    await this.cut().catch(() => undefined);
    await Promise.all(this.processes.map(({ program }) => program.stop()));
  }

  private withRoom(): { readonly program: Program<LoadCalls>; clients: number } {
    const last = this.processes.at(-1);
    if (last !== undefined && last.clients < CLIENTS_PER_PROCESS) return last;
    const added = { program: new Program<LoadCalls>(ENTRY), clients: 0 };
    this.processes.push(added);
    return added;
  }

  private all<Result>(call: (program: Program<LoadCalls>) => Promise<Result>): Promise<Result[]> {
    return Promise.all(this.processes.map(({ program }) => call(program)));
  }
}

function summed(outcomes: readonly OpenOutcome[]): Opened {
  const handshake = new Histogram();
  const modes: Record<string, number> = {};
  let opened = 0;
  for (const outcome of outcomes) {
    opened += outcome.opened;
    handshake.addPairs(outcome.handshakeUs);
    for (const [mode, count] of Object.entries(outcome.modes)) modes[mode] = (modes[mode] ?? 0) + count;
  }
  return { opened, modes, handshake };
}
