/**
 * The job queue of one process, on a file. All changes of a turn of the event loop (jobs added, ended, taken) become
 * durable in one transaction, and only then are callers told and handlers started. Nothing polls: a turn is asked for by
 * `add`, by a job that ends, and by a timer for the next delayed job.
 *
 * What must hold: memory follows the file, never the other way round: a transaction that fails changes nothing here.
 * A job whose process died is tried again without counting as a failure, so no restart can park a job.
 */
import { type Clock, nextTurn, type Timer } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import type { AddOptions, Job, JobData, JobQueue, JobWorker, ParkedJob, QueueName, WorkOptions } from '../job-queue.ts';
import { Unretryable } from '../job-queue.ts';
import { type ClaimedJob, JobFile } from './job-file.ts';

export interface EmbeddedJobQueueOptions {
  /** Path of the file; its folder exists. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly attemptsMax?: number;
  readonly backoffBaseMs?: number;
  readonly waitingMax?: number;
}

/** What the next transaction is to do. `settled` hears of it after the commit; without one, the change is tried until it succeeds. */
interface Change {
  apply(file: JobFile): void;
  readonly settled?: (error: unknown) => void;
}

interface Worker {
  readonly queue: QueueName;
  readonly handler: (job: Job) => Promise<void>;
  readonly options: WorkOptions;
  active: number;
  closing: boolean;
  idle: (() => void)[];
}

const TIMER_MS_MAX = 60_000;

export class EmbeddedJobQueue implements JobQueue {
  private readonly options: Required<EmbeddedJobQueueOptions>;
  private readonly file: JobFile;
  private readonly workers = new Set<Worker>();
  private changes: Change[] = [];
  private total: number;
  private turnAsked = false;
  private closed = false;
  private timer: Timer | null = null;

  private constructor(options: Required<EmbeddedJobQueueOptions>, file: JobFile) {
    this.options = options;
    this.file = file;
    this.total = file.total();
  }

  static async open(options: EmbeddedJobQueueOptions): Promise<EmbeddedJobQueue> {
    const defaults = {
      attemptsMax: limits.jobAttemptsMax,
      backoffBaseMs: limits.jobBackoffBaseMs,
      waitingMax: limits.jobsWaitingMax,
    };
    return new EmbeddedJobQueue({ ...defaults, ...options }, JobFile.open(options.path));
  }

  async add(queue: QueueName, key: string, data: JobData, options: AddOptions = {}): Promise<void> {
    if (this.total >= this.options.waitingMax) throw new Problem('overloaded', { detail: 'Too much work is waiting.' });
    const text = JSON.stringify(data);
    // Counted before it is written, so that one turn cannot add beyond the bound.
    this.total++;
    let inserted = false;
    try {
      await this.change((file) => {
        inserted = file.insert({ queue, key, data: text }, options, this.options.clock.now());
      });
    } catch (error) {
      inserted = false;
      throw error;
    } finally {
      if (!inserted) this.total--;
    }
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
    let found = false;
    let inserted = false;
    await this.change((file) => {
      const data = file.unpark(queue, key);
      found = data !== null;
      inserted = data !== null && file.insert({ queue, key, data }, {}, this.options.clock.now());
    });
    if (inserted) this.total++;
    return found;
  }

  async depth(queue: QueueName): Promise<number> {
    this.checkOpen();
    return this.file.depth(queue);
  }

  async ping(): Promise<void> {
    await this.change(() => undefined);
  }

  /** Waits for the jobs under way; what waits stays in the file. */
  async close(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => this.closeWorker(worker)));
    if (this.closed) return;
    while (this.changes.length > 0 && this.commit()) {
      // The last jobs' endings are written down before the file is closed.
    }
    this.closed = true;
    this.timer?.cancel();
    for (const change of this.changes.splice(0)) change.settled?.(new Problem('unavailable'));
    this.file.close();
  }

  private async closeWorker(worker: Worker): Promise<void> {
    worker.closing = true;
    if (worker.active > 0) await new Promise<void>((resolve) => worker.idle.push(resolve));
    this.workers.delete(worker);
  }

  private checkOpen(): void {
    if (this.closed) throw new Problem('unavailable', { detail: 'The job queue is closed.' });
  }

  /** Resolves after the commit that holds `apply`. */
  private async change(apply: (file: JobFile) => void): Promise<void> {
    this.checkOpen();
    const error = await new Promise<unknown>((settled) => {
      this.changes.push({ apply, settled });
      this.askTurn();
    });
    if (error !== null) throw error;
  }

  private askTurn(): void {
    if (this.turnAsked || this.closed) return;
    this.turnAsked = true;
    void nextTurn().then(() => {
      this.turnAsked = false;
      if (this.closed) return;
      if (!this.commit()) this.wakeAfter(this.options.backoffBaseMs);
      else if (this.changes.length > 0) this.askTurn();
    });
  }

  /** One transaction: what changed, then what free workers take. False if it failed; changes nobody waits for stay. */
  private commit(): boolean {
    const changes = this.changes.splice(0, limits.jobChangesPerTransaction);
    const nowMs = this.options.clock.now();
    let claims: { worker: Worker; jobs: ClaimedJob[] }[];
    let dueMs: number | null;
    try {
      [claims, dueMs] = this.file.transaction(() => {
        for (const change of changes) change.apply(this.file);
        return this.claim(nowMs);
      });
    } catch (error) {
      this.options.log.error('job file could not be written', { error });
      this.changes.unshift(...changes.filter((change) => change.settled === undefined));
      for (const change of changes) change.settled?.(new Problem('unavailable', { cause: error }));
      return false;
    }
    for (const change of changes) change.settled?.(null);
    for (const { worker, jobs } of claims) {
      worker.active += jobs.length;
      for (const job of jobs) void this.perform(worker, job);
    }
    if (dueMs !== null) this.wakeAfter(dueMs - nowMs);
    return true;
  }

  /** What free workers take, and when the first of them that still has room is to look again. */
  private claim(nowMs: number): [{ worker: Worker; jobs: ClaimedJob[] }[], number | null] {
    const claims: { worker: Worker; jobs: ClaimedJob[] }[] = [];
    let dueMs: number | null = null;
    for (const worker of this.workers) {
      const room = worker.options.concurrency - worker.active;
      if (worker.closing || room <= 0) continue;
      const jobs = this.file.claim(worker.queue, room, nowMs);
      claims.push({ worker, jobs });
      const nextMs = jobs.length < room ? this.file.nextDueMs(worker.queue) : null;
      if (nextMs !== null) dueMs = Math.min(nextMs, dueMs ?? nextMs);
    }
    return [claims, dueMs];
  }

  private wakeAfter(delayMs: number): void {
    this.timer?.cancel();
    this.timer = this.options.clock.after(Math.min(TIMER_MS_MAX, Math.max(1, delayMs)), () => this.askTurn());
  }

  private async perform(worker: Worker, job: ClaimedJob): Promise<void> {
    const ending = await this.attempt(worker, job);
    this.changes.push({ apply: ending });
    worker.active--;
    if (worker.active === 0) for (const resolve of worker.idle.splice(0)) resolve();
    this.askTurn();
  }

  /** Runs a job once. Resolves to what is to be written of it: removed, delayed until the next try, or parked. */
  private async attempt(worker: Worker, job: ClaimedJob): Promise<(file: JobFile) => void> {
    const { queue } = worker;
    const { clock, log, attemptsMax } = this.options;
    try {
      await worker.handler({ key: job.key, data: job.data, attempt: job.attempt });
    } catch (error) {
      log.warn('job failed', { queue, key: job.key, attempt: job.attempt, error });
      const isFinal = error instanceof Unretryable;
      if (!isFinal && worker.closing) return (file) => file.delay(job, clock.now(), job.attempt - 1);
      if (!isFinal && job.attempt < attemptsMax) {
        const dueMs = clock.now() + this.backoffMs(job.attempt);
        return (file) => file.delay(job, dueMs, job.attempt);
      }
      const reason = error instanceof Error ? error.message : String(error);
      if (!(await this.reportParked(worker, job, reason)))
        return (file) => file.delay(job, clock.now(), job.attempt - 1);
      this.total--;
      return (file) => file.park(queue, job, reason, clock.now());
    }
    this.total--;
    return (file) => file.remove(job);
  }

  /** Tells `onParked` until it takes it. False if the worker closed before: the job is then run again. */
  private async reportParked(worker: Worker, job: ClaimedJob, reason: string): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await worker.options.onParked?.({ key: job.key, data: job.data, attempt: job.attempt }, reason);
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
