/** Counters, gauges and histograms in Prometheus text form. One registry per node, handed in: nothing global. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  /** The counter `shutterline_<name>_total`; the same name always gives the same counter. */
  counter(name: string, help: string): { add(amount?: number): void };
  /** The gauge `shutterline_<name>`, read when it is scraped. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void;
  /** The histogram `shutterline_<name>_seconds`. */
  timing(name: string, help: string): { observeMs(durationMs: number): void };
  text(): Promise<string>;
  readonly contentType: string;
}

const TIMING_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counters = new Map<string, { add(amount?: number): void }>();
  const timings = new Map<string, Histogram>();
  return {
    counter(name, help) {
      const known = counters.get(name) ?? openCounter({ name: `shutterline_${name}_total`, help, registers });
      counters.set(name, known);
      return known;
    },
    gauge(name, help, read) {
      new Gauge({
        name: `shutterline_${name}`,
        help,
        registers,
        async collect() {
          this.set(await measured(read));
        },
      });
    },
    timing(name, help) {
      const timing =
        timings.get(name) ??
        new Histogram({ name: `shutterline_${name}_seconds`, help, registers, buckets: TIMING_BUCKETS_SECONDS });
      timings.set(name, timing);
      return { observeMs: (durationMs) => timing.observe(durationMs / 1000) };
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** Not a number while it cannot be told: what is away must not take the other figures along. */
async function measured(read: () => number | Promise<number>): Promise<number> {
  try {
    return await read();
  } catch {
    return Number.NaN;
  }
}

/** Adds up in a plain number and tells the registry when it is scraped: some of these count every frame that is sent. */
function openCounter(options: ConstructorParameters<typeof Counter>[0]): { add(amount?: number): void } {
  let uncollected = 0;
  new Counter({
    ...options,
    collect() {
      this.inc(uncollected);
      uncollected = 0;
    },
  });
  return {
    add(amount = 1) {
      uncollected += amount;
    },
  };
}
