/** Which quantities of a scenario are drawn, and what they say. Pure data. */

export interface Chart {
  readonly scenario: string;
  readonly quantity: string;
  readonly title: string;
  readonly better: 'higher' | 'lower';
  readonly unit: string;
  /** The measured value is multiplied by it before it is shown. */
  readonly factor: number;
  /** Only systems whose name contains it. */
  readonly only?: string;
  /** Only systems whose name does not contain it. */
  readonly without?: string;
}

export const CHARTS: readonly Chart[] = [
  {
    scenario: 'idle',
    quantity: 'privateBytes',
    title: 'Server memory of one more idle connection',
    better: 'lower',
    unit: 'KiB',
    factor: 1 / 1024,
  },
  {
    scenario: 'actors',
    quantity: 'bytesPerActor',
    title: 'Memory of a resident actor: 100 posts, 20 followed authors, 16 events',
    better: 'lower',
    unit: 'KiB',
    factor: 1 / 1024,
  },
  {
    scenario: 'fanout',
    quantity: 'deliveriesPerCpuSecond',
    title: 'One event to every follower: deliveries per CPU second',
    better: 'higher',
    unit: 'thousand',
    factor: 1 / 1000,
  },
  {
    scenario: 'coalesce',
    quantity: 'deliveriesPerCpuSecond',
    title: 'Sixteen short events at once: deliveries per CPU second',
    better: 'higher',
    unit: 'thousand',
    factor: 1 / 1000,
    only: ', short',
  },
  {
    scenario: 'coalesce',
    quantity: 'deliveriesPerCpuSecond',
    title: 'Sixteen whole posts at once: deliveries per CPU second',
    better: 'higher',
    unit: 'thousand',
    factor: 1 / 1000,
    only: ', posts',
  },
  {
    scenario: 'resume',
    quantity: 'cpuMicrosecondsPerReturn',
    title: 'Coming back after a lost connection: CPU of the server',
    better: 'lower',
    unit: 'µs',
    factor: 1,
    without: ', much traffic',
  },
  {
    scenario: 'resume',
    quantity: 'cpuMicrosecondsPerReturn',
    title: 'Coming back after much traffic of others: CPU of the server',
    better: 'lower',
    unit: 'µs',
    factor: 1,
    only: ', much traffic',
  },
  {
    scenario: 'slow',
    quantity: 'heldKibPerStalled',
    title: 'What is held for a phone that stopped reading',
    better: 'lower',
    unit: 'KiB',
    factor: 1,
  },
  {
    scenario: 'push',
    quantity: 'p99Ms',
    title: 'From the request to a follower’s phone, p99',
    better: 'lower',
    unit: 'ms',
    factor: 1,
  },
  {
    scenario: 'media',
    quantity: 'setsPerCpuSecond',
    title: 'Photos of 12 megapixels: rendition sets per CPU second',
    better: 'higher',
    unit: 'sets',
    factor: 1,
  },
  {
    scenario: 'feed',
    quantity: 'p99Ms',
    title: 'A feed page of 20 posts, p99',
    better: 'lower',
    unit: 'ms',
    factor: 1,
  },
  {
    scenario: 'api',
    quantity: 'cpuMicrosecondsPerRequest',
    title: 'Operations: CPU of the server',
    better: 'lower',
    unit: 'µs',
    factor: 1,
  },
];
