/**
 * Adds the jobs of one queue, those of one turn of the event loop together. A key that is waiting or active is left as it
 * is; one that was parked starts afresh. Whoever waits is told in bounded time; a job whose addition was given up on may
 * still appear, which changes nothing: its key is the same.
 */
import { type Clock, nextTurn } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { AddOptions, JobData } from '../job-queue.ts';
import type { JobIds } from './job-ids.ts';
import { inTime } from './in-time.ts';
import type { BullQueue } from './queues.ts';
import { unpark } from './unpark.ts';
import type { RedisClient } from './redis-client.ts';

interface Waiting {
  readonly key: string;
  readonly data: JobData;
  readonly options: AddOptions;
  readonly settled: (error: unknown) => void;
}

export interface JobAdderOptions {
  readonly queue: BullQueue;
  readonly client: RedisClient;
  readonly clock: Clock;
  readonly ids: JobIds;
  readonly attemptsMax: number;
}

export class JobAdder {
  private readonly options: JobAdderOptions;
  private waiting: Waiting[] = [];
  private running = false;

  constructor(options: JobAdderOptions) {
    this.options = options;
  }

  async add(key: string, data: JobData, options: AddOptions): Promise<void> {
    if (this.waiting.length >= limits.jobAddsWaiting) {
      throw new Problem('overloaded', { detail: 'Too much work is being added.' });
    }
    const error = await new Promise<unknown>((settled) => {
      this.waiting.push({ key, data, options, settled });
      if (!this.running) void this.addWaiting();
    });
    if (error !== null) throw error;
  }

  private async addWaiting(): Promise<void> {
    this.running = true;
    await nextTurn();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, limits.jobAddsTogether);
      const error = await this.addBatch(batch).then(
        () => null,
        (failure: unknown) => failure,
      );
      for (const { settled } of batch) settled(error);
    }
    this.running = false;
  }

  private async addBatch(batch: readonly Waiting[]): Promise<void> {
    const { queue, client, clock, ids, attemptsMax } = this.options;
    const jobs = batch.map(({ key, data, options }) => ({
      name: key,
      data,
      opts: {
        jobId: ids.of(key),
        attempts: attemptsMax,
        // What the pauses are is up to the worker.
        backoff: { type: 'custom' },
        removeOnComplete: true,
        removeOnFail: { age: limits.outboxRetentionMs / 1000, count: limits.jobsParkedMax },
        ...(options.priority === 'background' ? { priority: BACKGROUND } : {}),
        ...(options.delayMs === undefined ? {} : { delay: Math.ceil(options.delayMs) }),
      },
    }));
    // Both go out at once, on one connection, in this order.
    const forgotten = unpark(
      client,
      queue,
      jobs.map(({ opts }) => opts.jobId),
    );
    await inTime(clock, Promise.all([forgotten, queue.addBulk(jobs)]));
  }
}

/** Jobs without a priority go before all that have one. */
const BACKGROUND = 1;
