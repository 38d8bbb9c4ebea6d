/** Requests at a fixed rate, as the feed and api scenarios make them. */
import { join } from 'node:path';
import { Program } from '../harness/calls.ts';
import { Histogram } from '../harness/histogram.ts';
import { cpuSeconds } from '../harness/process-figures.ts';
import type { Sample } from '../harness/rounds.ts';
import type { RequestCalls, RequestRun } from '../load/request-process.ts';

const ENTRY = join(import.meta.dirname, '..', 'load', 'request-process.ts');

export class Requests {
  private readonly program = new Program<RequestCalls>(ENTRY);

  /** Throws when a request failed: then its time means nothing. */
  async run(pid: number, run: RequestRun): Promise<Sample> {
    const before = cpuSeconds(pid);
    const startedMs = performance.now();
    const { answered, failed, latencyUs } = await this.program.call('run', run);
    const cpu = cpuSeconds(pid) - before;
    const seconds = (performance.now() - startedMs) / 1000;
    if (failed > 0) throw new Error(`${failed} of ${answered} requests failed`);
    const latency = new Histogram();
    latency.addPairs(latencyUs);
    return {
      p50Ms: latency.percentile(0.5) / 1000,
      p99Ms: latency.percentile(0.99) / 1000,
      maxMs: latency.percentile(1) / 1000,
      perSecond: answered / seconds,
      cpuMicrosecondsPerRequest: (cpu * 1e6) / answered,
    };
  }

  stop(): Promise<void> {
    return this.program.stop();
  }
}
