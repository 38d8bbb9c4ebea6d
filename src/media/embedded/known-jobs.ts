/**
 * Every job of the process that has not ended, in memory: who waits, until when, and in which order they are taken.
 *
 *   add ──► waiting ──take──► active ──remove──► (ended)
 *              ▲                │
 *              └────putBack─────┘
 *
 * What must hold: a key stands here once per queue, from `add` to `remove`, so no key waits or runs twice. Interactive jobs
 * go first, then whoever was there first; one that had to wait for its time comes behind those that are there already.
 */
import type { QueueName } from '../job-queue.ts';
import { Heap } from './heap.ts';

/** What a job has as long as it is in memory only. */
export interface Unwritten {
  /** Its data, as JSON. */
  readonly text: string;
  /** Resolves when the job is in the file or has ended: what `add` waits for. */
  readonly kept: PromiseWithResolvers<void>;
  /** The tick of the write-behind during which it came. */
  readonly tick: number;
}

export interface KnownJob {
  readonly queue: QueueName;
  readonly key: string;
  /** Names its row, and gives the order of arrival. */
  readonly sequence: number;
  /** Its place among those that are due. */
  place: number;
  /** 0 is interactive, 1 is background. */
  readonly priority: number;
  state: 'waiting' | 'active';
  /** 0 if it never had to wait for a time. */
  dueAtMs: number;
  /** Tries that failed and count. */
  failures: number;
  /** Null once it stands in the file: a million jobs that wait cost memory for their keys, not for their data. */
  unwritten: Unwritten | null;
}

interface Lists {
  readonly byKey: Map<string, KnownJob>;
  readonly ready: Heap<KnownJob>;
  readonly delayed: Heap<KnownJob>;
}

export class KnownJobs {
  private readonly queues = new Map<QueueName, Lists>();
  private count = 0;
  private lastPlace = 0;

  get size(): number {
    return this.count;
  }

  depth(queue: QueueName): number {
    return this.lists(queue).byKey.size;
  }

  find(queue: QueueName, key: string): KnownJob | undefined {
    return this.lists(queue).byKey.get(key);
  }

  /** Its key must not be here. */
  add(job: KnownJob): void {
    const lists = this.lists(job.queue);
    lists.byKey.set(job.key, job);
    this.count++;
    this.enter(lists, job);
  }

  hasWaiting(queue: QueueName): boolean {
    const { ready, delayed } = this.lists(queue);
    return ready.size + delayed.size > 0;
  }

  /** When the next delayed job is due; null if there is none. */
  nextDueMs(queue: QueueName): number | null {
    return this.lists(queue).delayed.first()?.dueAtMs ?? null;
  }

  /** Up to `count` jobs that are due at `nowMs`; they are active from now on. */
  take(queue: QueueName, count: number, nowMs: number): KnownJob[] {
    const { ready, delayed } = this.lists(queue);
    while ((delayed.first()?.dueAtMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
      const job = delayed.take() as KnownJob;
      job.place = ++this.lastPlace;
      ready.put(job);
    }
    const taken: KnownJob[] = [];
    while (taken.length < count) {
      const job = ready.take();
      if (job === undefined) break;
      job.state = 'active';
      taken.push(job);
    }
    return taken;
  }

  /** An active job waits again, until `dueAtMs`. */
  putBack(job: KnownJob, dueAtMs: number, failures: number): void {
    job.state = 'waiting';
    job.dueAtMs = dueAtMs;
    job.failures = failures;
    this.enter(this.lists(job.queue), job);
  }

  /** An active job has ended. */
  remove(job: KnownJob): void {
    if (this.lists(job.queue).byKey.delete(job.key)) this.count--;
  }

  /** Jobs that wait are as if they had never been added. */
  withdraw(jobs: readonly KnownJob[]): void {
    const gone = new Set(jobs);
    for (const queue of new Set(jobs.map((job) => job.queue))) {
      const { ready, delayed } = this.lists(queue);
      ready.keep((job) => !gone.has(job));
      delayed.keep((job) => !gone.has(job));
    }
    for (const job of jobs) this.remove(job);
  }

  private enter({ ready, delayed }: Lists, job: KnownJob): void {
    job.place = ++this.lastPlace;
    if (job.dueAtMs > 0) delayed.put(job);
    else ready.put(job);
  }

  private lists(queue: QueueName): Lists {
    const known = this.queues.get(queue);
    if (known !== undefined) return known;
    const lists: Lists = { byKey: new Map(), ready: new Heap(isFirst), delayed: new Heap(isDueFirst) };
    this.queues.set(queue, lists);
    return lists;
  }
}

function isFirst(one: KnownJob, other: KnownJob): boolean {
  return one.priority === other.priority ? one.place < other.place : one.priority < other.priority;
}

function isDueFirst(one: KnownJob, other: KnownJob): boolean {
  return one.dueAtMs === other.dueAtMs ? one.place < other.place : one.dueAtMs < other.dueAtMs;
}
