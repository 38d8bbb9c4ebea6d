/**
 * The port to work that is done later. Adapters: `embedded` (SQLite file), `bullmq`.
 *
 * What every adapter promises:
 * - `add` that resolved is durable (against the death of the process; the outbox covers the rest).
 * - A job runs at least once. Two jobs of one key never wait or run at the same time: adding a key that is waiting or
 *   active changes nothing. After completion the key may run again: handlers are idempotent.
 * - A failed job is tried again with exponential back-off, `limits.jobAttemptsMax` times, then parked with its reason
 *   and kept for `limits.outboxRetentionMs`.
 *   A handler that throws `Unretryable` is parked at once.
 * - A job that fails while its worker is being closed was interrupted: it is run again, and the try is not counted.
 * - A job whose worker died is run again within 5 s of a worker being there.
 */
import type { Consumer } from '../storage/activity.ts';

export type QueueName = Consumer;

/** Plain JSON data. */
export type JobData = Readonly<Record<string, unknown>>;

export interface Job {
  readonly key: string;
  readonly data: JobData;
  /** 1 for the first try. */
  readonly attempt: number;
}

export interface AddOptions {
  /** `interactive` goes before `background`. Default `interactive`. */
  readonly priority?: 'interactive' | 'background';
  readonly delayMs?: number;
}

export interface ParkedJob {
  readonly key: string;
  readonly data: JobData;
  readonly reason: string;
  readonly attempts: number;
  readonly parkedAtMs: number;
}

export interface WorkOptions {
  /** Jobs of this queue under way at once in this process. */
  readonly concurrency: number;
  /** Called when a job was given up on, before it is parked; a rejection makes it be called again. */
  readonly onParked?: (job: Job, reason: string) => Promise<void>;
}

export interface JobWorker {
  /** Takes no new jobs, at once, and resolves when those under way ended. */
  close(): Promise<void>;
}

export interface JobQueue {
  add(queue: QueueName, key: string, data: JobData, options?: AddOptions): Promise<void>;
  work(queue: QueueName, handler: (job: Job) => Promise<void>, options: WorkOptions): JobWorker;
  parked(queue: QueueName, limit: number): Promise<ParkedJob[]>;
  /** Puts a parked job back; false if there is none of that key. */
  retryParked(queue: QueueName, key: string): Promise<boolean>;
  /** Jobs waiting, delayed and active. */
  depth(queue: QueueName): Promise<number>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Trying again cannot help: the job is parked at once. */
export class Unretryable extends Error {
  override readonly name = 'Unretryable';
}
