/** Counters, gauges and histograms in Prometheus text form. One registry per node, handed in: nothing global. */
import { Counter, Gauge, Registry } from 'prom-client';

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
const TIMING_BUCKETS_MS = TIMING_BUCKETS_SECONDS.map((seconds) => seconds * 1000);

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counters = new Map<string, { add(amount?: number): void }>();
  const timings = new Map<string, Timing>();
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
      const timing = timings.get(name) ?? new Timing(`shutterline_${name}_seconds`, help);
      timings.set(name, timing);
      return timing;
    },
    text: async () => [await registry.metrics(), ...[...timings.values()].map((timing) => timing.text())].join('\n'),
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

/**
 * A histogram in plain numbers, written out when it is scraped: some of these see every request and every acknowledgement
 * of a phone, and the library's own `observe` costs more than reading one.
 */
class Timing {
  private readonly name: string;
  private readonly help: string;
  /** One for each bucket, and one for what is longer than all of them. */
  private readonly counts = new Float64Array(TIMING_BUCKETS_MS.length + 1);
  private sumMs = 0;

  constructor(name: string, help: string) {
    this.name = name;
    this.help = help;
  }

  observeMs(durationMs: number): void {
    let bucket = 0;
    while (bucket < TIMING_BUCKETS_MS.length && durationMs > (TIMING_BUCKETS_MS[bucket] ?? 0)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sumMs += durationMs;
  }

  text(): string {
    const { name, help } = this;
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
    let count = 0;
    // Each bucket counts what is in the smaller ones as well.
    for (const [bucket, counted] of this.counts.entries()) {
      count += counted;
      lines.push(`${name}_bucket{le="${TIMING_BUCKETS_SECONDS[bucket] ?? '+Inf'}"} ${count}`);
    }
    lines.push(`${name}_sum ${this.sumMs / 1000}`, `${name}_count ${count}`, '');
    return lines.join('\n');
  }
}
