/**
 * Takes jobs of one queue. BullMQ counts attempts and keeps the locks; what is decided here: after which pause a job is
 * tried again, and that giving up is reported before the job is parked.
 *
 * What must hold: a job whose process died or stood still is tried again without counting as a failure. Only one that took
 * down `limits.jobStallsMax` workers is parked, by BullMQ itself and reported afterwards: the outbox then adds it again.
 */
import { DelayedError, type Job as BullJob, UnrecoverableError, Worker } from 'bullmq';
import { type Clock, sleep } from '../../clock.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { type Job, type JobData, type JobWorker, type QueueName, Unretryable, type WorkOptions } from '../job-queue.ts';
import type { JobIds } from './job-ids.ts';
import { prefixOf } from './queues.ts';
import type { RedisClient } from './redis-client.ts';

export interface BullmqWorkerOptions {
  readonly queue: QueueName;
  readonly prefix: string;
  readonly client: RedisClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ids: JobIds;
  readonly attemptsMax: number;
  readonly backoffBaseMs: number;
  readonly handler: (job: Job) => Promise<void>;
  readonly work: WorkOptions;
}

type Entry = BullJob<JobData, void>;

export class BullmqWorker implements JobWorker {
  private readonly options: BullmqWorkerOptions;
  private readonly worker: Worker<JobData, void>;
  private readonly underWay = new Set<Promise<void>>();
  private closing: Promise<void> | null = null;

  /** Begins at once; the connection comes up behind it. */
  constructor(options: BullmqWorkerOptions) {
    this.options = options;
    const { queue, prefix, client, log, work } = options;
    this.worker = new Worker<JobData, void>(queue, (job, token) => this.tracked(job, token), {
      connection: client,
      prefix: prefixOf(prefix, queue),
      concurrency: work.concurrency,
      lockDuration: limits.jobLockMs,
      stalledInterval: limits.jobStallCheckMs,
      maxStalledCount: limits.jobStallsMax,
      drainDelay: limits.jobDrainSeconds,
      runRetryDelay: limits.jobRunRetryMs,
      settings: { backoffStrategy: (failures) => this.backoffMs(failures) },
    });
    this.worker.on('error', (error) => log.warn('a worker met an error', { queue, error }));
    this.worker.on('stalled', (id) => log.warn('a job is taken up again', { queue, key: options.ids.keyOf(id) }));
    this.worker.on('failed', (job, error) => {
      if (job?.deferredFailure) void this.reportStalled(job, error.message);
    });
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** Jobs end in their own time; what Redis is then told may not hold up the end. */
  private async end(): Promise<void> {
    const { clock, log, queue } = this.options;
    const ended = this.worker.close();
    ended.catch((error: unknown) => log.warn('a worker could not be closed', { queue, error }));
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    ended.then(settle, settle);
    // Its own list, because BullMQ's end also waits for Redis. One that was being taken may still begin.
    const untilIdle = async (): Promise<void> => {
      while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
      await sleep(clock, limits.redisCloseMs);
    };
    await Promise.race([ended.catch(() => undefined), untilIdle()]);
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
    if (!settled) log.warn('a worker was closed without Redis', { queue });
  }

  private tracked(job: Entry, token: string | undefined): Promise<void> {
    const run = this.process(job, token).finally(() => this.underWay.delete(run));
    this.underWay.add(run);
    return run;
  }

  private async process(entry: Entry, token: string | undefined): Promise<void> {
    const { queue, log, handler, attemptsMax } = this.options;
    const job = this.jobOf(entry);
    try {
      await handler(job);
    } catch (error) {
      const { key, attempt } = job;
      log.warn('job failed', { queue, key, attempt, error });
      const reason = error instanceof Error ? error.message : String(error);
      const isFinal = error instanceof Unretryable;
      const isInterrupted = !isFinal && this.closing !== null;
      if (!isInterrupted && !isFinal && attempt < attemptsMax) throw new Error(reason, { cause: error });
      if (!isInterrupted && (await this.reportParked(job, reason))) throw new UnrecoverableError(reason);
      // Closing: another worker runs it again, or reports it. The try is not counted.
      await entry.moveToDelayed(this.options.clock.now(), token);
      throw new DelayedError();
    }
  }

  /** Tells `onParked` until it takes it. False if the worker is closing. */
  private async reportParked(job: Job, reason: string): Promise<boolean> {
    const { queue, clock, log, work, backoffBaseMs } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        await work.onParked?.(job, reason);
        return true;
      } catch (error) {
        log.error('parking a job could not be reported', { queue, key: job.key, error });
      }
      const untilMs = clock.monotonic() + this.backoffMs(attempt);
      while (clock.monotonic() < untilMs && this.closing === null) await sleep(clock, Math.min(100, backoffBaseMs));
      if (this.closing !== null) return false;
    }
  }

  private async reportStalled(entry: Entry, reason: string): Promise<void> {
    const job = this.jobOf(entry);
    await this.options.work.onParked?.(job, reason).catch((error: unknown) => {
      this.options.log.error('parking a job could not be reported', {
        queue: this.options.queue,
        key: job.key,
        error,
      });
    });
  }

  private jobOf(entry: Entry): Job {
    return { key: this.options.ids.keyOf(entry.id ?? ''), data: entry.data, attempt: entry.attemptsMade + 1 };
  }

  /** Exponential with jitter over the upper half, so that tries spread and yet grow apart. */
  private backoffMs(failures: number): number {
    const { backoffBaseMs, clock } = this.options;
    const ceilingMs = Math.min(limits.jobBackoffCapMs, backoffBaseMs * 2 ** Math.min(failures - 1, 30));
    return Math.ceil(ceilingMs * (0.5 + clock.random() / 2));
  }
}
