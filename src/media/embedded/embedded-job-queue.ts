/**
 * The job queue of one process. Memory holds which jobs there are and in which order they run (`known-jobs.ts`); a file holds
 * those that did not end at once (`job-file.ts`), written behind in one transaction for many (`write-behind.ts`).
 *
 * What must hold:
 * - `add` that resolved is durable: its job stands in the file, or it has ended. Handlers may begin before; a process that is
 *   killed then loses a job that was promised to nobody.
 * - A row outlives its job by a tick at most, and a killed process runs such a job once more: handlers are idempotent.
 * - A job whose process died is tried again without counting as a failure, so no restart can park a job.
 *
 * Nothing polls: a turn is asked for by `add`, by a job that ends, and by a timer for the next delayed job.
 */
import { assertNever } from '../../assert-never.ts';
import { type Clock, nextTurn, type Timer } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import type { AddOptions, Job, JobData, JobQueue, JobWorker, ParkedJob, QueueName, WorkOptions } from '../job-queue.ts';
import { Unretryable } from '../job-queue.ts';
import { JobFile } from './job-file.ts';
import { type KnownJob, KnownJobs } from './known-jobs.ts';
import { WriteBehind } from './write-behind.ts';

export interface EmbeddedJobQueueOptions {
  /** Path of the file; its folder exists. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly attemptsMax?: number;
  readonly backoffBaseMs?: number;
  readonly waitingMax?: number;
}

interface Worker {
  readonly queue: QueueName;
  readonly handler: (job: Job) => Promise<void>;
  readonly options: WorkOptions;
  active: number;
  closing: boolean;
  idle: (() => void)[];
}

/** How a run of a job ended. */
type Ending =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly dueAtMs: number; readonly failures: number }
  | { readonly kind: 'parked'; readonly reason: string };

const TIMER_MS_MAX = 60_000;

export class EmbeddedJobQueue implements JobQueue {
  private readonly options: Required<EmbeddedJobQueueOptions>;
  private readonly file: JobFile;
  private readonly jobs = new KnownJobs();
  private readonly writer: WriteBehind;
  private readonly workers = new Set<Worker>();
  private lastSequence = 0;
  private turnAsked = false;
  private closed = false;
  private timer: Timer | null = null;
  /** When it fires, in monotonic time. */
  private timerAtMs = 0;

  private constructor(options: Required<EmbeddedJobQueueOptions>, file: JobFile) {
    const { clock, log, backoffBaseMs: retryMs } = options;
    this.options = options;
    this.file = file;
    this.writer = new WriteBehind({ file, jobs: this.jobs, clock, log, retryMs });
  }

  /** Tests hand in a file that can fail. */
  static async open(
    options: EmbeddedJobQueueOptions,
    openFile: (path: string) => JobFile = (path) => JobFile.open(path),
  ): Promise<EmbeddedJobQueue> {
    const defaults = {
      attemptsMax: limits.jobAttemptsMax,
      backoffBaseMs: limits.jobBackoffBaseMs,
      waitingMax: limits.jobsWaitingMax,
    };
    const file = openFile(options.path);
    try {
      const queue = new EmbeddedJobQueue({ ...defaults, ...options }, file);
      queue.load();
      return queue;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  async add(queue: QueueName, key: string, data: JobData, options: AddOptions = {}): Promise<void> {
    this.checkOpen();
    const known = this.jobs.find(queue, key);
    // Whoever adds it a second time waits for the same as the first.
    if (known !== undefined) return known.unwritten?.kept.promise;
    if (this.jobs.size >= this.options.waitingMax) {
      throw new Problem('overloaded', { detail: 'Too much work is waiting.' });
    }
    return this.insert(queue, key, JSON.stringify(data), options);
  }

  work(queue: QueueName, handler: (job: Job) => Promise<void>, options: WorkOptions): JobWorker {
    const worker: Worker = { queue, handler, options, active: 0, closing: false, idle: [] };
    this.workers.add(worker);
    this.askTurn();
    return { close: () => this.closeWorker(worker) };
  }

  async parked(queue: QueueName, limit: number): Promise<ParkedJob[]> {
    this.checkOpen();
    return this.file.parked(queue, limit);
  }

  async retryParked(queue: QueueName, key: string): Promise<boolean> {
    this.checkOpen();
    const text = this.file.parkedData(queue, key);
    if (text === null) return false;
    await this.insert(queue, key, text, {});
    return true;
  }

  async depth(queue: QueueName): Promise<number> {
    this.checkOpen();
    return this.jobs.depth(queue);
  }

  /** After a turn, in which what was asked for before has begun. */
  async ping(): Promise<void> {
    await nextTurn();
    this.checkOpen();
    try {
      this.file.ping();
    } catch (error) {
      throw new Problem('unavailable', { cause: error });
    }
  }

  /** Waits for the jobs under way; what waits stays in the file. */
  async close(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => this.closeWorker(worker)));
    if (this.closed) return;
    this.closed = true;
    this.timer?.cancel();
    this.writer.close();
    this.file.close();
  }

  private load(): void {
    for (const job of this.file.waiting()) {
      this.jobs.add(job);
      this.lastSequence = job.sequence;
    }
  }

  private async closeWorker(worker: Worker): Promise<void> {
    worker.closing = true;
    if (worker.active > 0) await new Promise<void>((resolve) => worker.idle.push(resolve));
    this.workers.delete(worker);
  }

  private checkOpen(): void {
    if (this.closed) throw new Problem('unavailable', { detail: 'The job queue is closed.' });
  }

  /** The key must not be known. */
  private async insert(queue: QueueName, key: string, text: string, options: AddOptions): Promise<void> {
    const { delayMs = 0, priority } = options;
    const isParked = this.writer.isParked(queue, key);
    const job: KnownJob = {
      queue,
      key,
      sequence: ++this.lastSequence,
      place: 0,
      priority: priority === 'background' ? 1 : 0,
      state: 'waiting',
      dueAtMs: delayMs > 0 ? Math.ceil(this.options.clock.now() + delayMs) : 0,
      failures: 0,
      unwritten: null,
    };
    this.jobs.add(job);
    const kept = this.writer.add(job, text);
    // In the same transaction it is parked no longer.
    if (isParked) this.writer.writeAll();
    if (delayMs > 0) this.wakeAfter(delayMs);
    else this.askTurn();
    await kept;
  }

  private askTurn(): void {
    if (this.turnAsked || this.closed) return;
    this.turnAsked = true;
    void nextTurn().then(() => {
      this.turnAsked = false;
      if (!this.closed) this.take();
    });
  }

  /** Gives free workers what is due, and sets the timer for what the first of them that still has room is to take next. */
  private take(): void {
    const nowMs = this.options.clock.now();
    for (const worker of this.workers) {
      const room = worker.options.concurrency - worker.active;
      if (worker.closing || room <= 0) continue;
      const jobs = this.jobs.take(worker.queue, room, nowMs);
      for (const job of jobs) this.begin(worker, job);
      const dueAtMs = jobs.length < room ? this.jobs.nextDueMs(worker.queue) : null;
      if (dueAtMs !== null) this.wakeAfter(dueAtMs - nowMs);
    }
  }

  private wakeAfter(delayMs: number): void {
    const { clock } = this.options;
    const waitMs = Math.min(TIMER_MS_MAX, Math.max(1, delayMs));
    const atMs = clock.monotonic() + waitMs;
    if (this.timer !== null && this.timerAtMs <= atMs) return;
    this.timer?.cancel();
    this.timerAtMs = atMs;
    this.timer = clock.after(waitMs, () => {
      this.timer = null;
      this.take();
    });
  }

  private begin(worker: Worker, known: KnownJob): void {
    const { key, failures, sequence, unwritten } = known;
    let data: JobData;
    try {
      data = JSON.parse(unwritten?.text ?? this.file.data(sequence)) as JobData;
    } catch (error) {
      this.options.log.error('job file could not be read', { error });
      this.jobs.putBack(known, known.dueAtMs, failures);
      this.wakeAfter(this.options.backoffBaseMs);
      return;
    }
    worker.active++;
    void this.perform(worker, known, { key, data, attempt: failures + 1 });
  }

  private async perform(worker: Worker, known: KnownJob, job: Job): Promise<void> {
    const ending = await this.attempt(worker, job);
    this.settle(known, job, ending);
    worker.active--;
    if (worker.active === 0) for (const resolve of worker.idle.splice(0)) resolve();
    if (this.jobs.hasWaiting(worker.queue)) this.askTurn();
  }

  private settle(known: KnownJob, job: Job, ending: Ending): void {
    switch (ending.kind) {
      case 'done':
        this.jobs.remove(known);
        this.writer.end(known);
        return;
      case 'again':
        this.jobs.putBack(known, Math.ceil(ending.dueAtMs), ending.failures);
        this.writer.delay(known);
        return;
      case 'parked': {
        const { queue, key } = known;
        const parkedAtMs = this.options.clock.now();
        const text = JSON.stringify(job.data);
        this.jobs.remove(known);
        this.writer.park(known, { queue, key, text, reason: ending.reason, attempts: job.attempt, parkedAtMs });
        return;
      }
      default:
        assertNever(ending);
    }
  }

  /** Runs a job once. */
  private async attempt(worker: Worker, job: Job): Promise<Ending> {
    const { queue } = worker;
    const { clock, log, attemptsMax } = this.options;
    const interrupted = (): Ending => ({ kind: 'again', dueAtMs: clock.now(), failures: job.attempt - 1 });
    try {
      await worker.handler(job);
      return { kind: 'done' };
    } catch (error) {
      log.warn('job failed', { queue, key: job.key, attempt: job.attempt, error });
      const isFinal = error instanceof Unretryable;
      if (!isFinal && worker.closing) return interrupted();
      if (!isFinal && job.attempt < attemptsMax) {
        return { kind: 'again', dueAtMs: clock.now() + this.backoffMs(job.attempt), failures: job.attempt };
      }
      const reason = error instanceof Error ? error.message : String(error);
      return (await this.reportParked(worker, job, reason)) ? { kind: 'parked', reason } : interrupted();
    }
  }

  /** Tells `onParked` until it takes it. False if the worker closed before: the job is then run again. */
  private async reportParked(worker: Worker, job: Job, reason: string): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await worker.options.onParked?.(job, reason);
        return true;
      } catch (error) {
        this.options.log.error('parking a job could not be reported', { queue: worker.queue, key: job.key, error });
      }
      const untilMs = this.options.clock.monotonic() + this.backoffMs(attempt);
      while (this.options.clock.monotonic() < untilMs) {
        if (worker.closing) return false;
        await new Promise<void>((resolve) =>
          this.options.clock.after(Math.min(100, this.options.backoffBaseMs), resolve),
        );
      }
      if (worker.closing) return false;
    }
  }

  /** Exponential with jitter over the upper half, so that tries spread and yet grow apart. */
  private backoffMs(failures: number): number {
    const { backoffBaseMs, clock } = this.options;
    const ceilingMs = Math.min(limits.jobBackoffCapMs, backoffBaseMs * 2 ** Math.min(failures - 1, 30));
    return ceilingMs * (0.5 + clock.random() / 2);
  }
}
