/**
 * `JobQueue` on Redis, shared by all nodes and workers. A key is its job's id, so Redis itself keeps it from waiting twice;
 * an ended job leaves nothing, so its key may run again; a parked one stays among BullMQ's failed jobs with its reason.
 *
 * Redis loses the last second or two of jobs when its machine loses power (or it is killed while its disk is slow), and all of
 * them when it is emptied: the outbox
 * adds them again.
 */
import type { Clock } from '../../clock.ts';
import { Problem, StartRefusal } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { CONSUMERS } from '../../storage/activity.ts';
import type { AddOptions, Job, JobData, JobQueue, JobWorker, ParkedJob, QueueName, WorkOptions } from '../job-queue.ts';
import { BullmqWorker } from './bullmq-worker.ts';
import { inTime } from './in-time.ts';
import { JobAdder } from './job-adder.ts';
import { JobAdmission } from './job-admission.ts';
import { jobIds } from './job-ids.ts';
import { type BullQueue, createQueue, depthOf } from './queues.ts';
import {
  ConnectionLife,
  createRedis,
  type RedisClient,
  type RedisSettings,
  requireNoEviction,
} from './redis-client.ts';

export interface BullmqJobQueueOptions {
  readonly redis: RedisSettings;
  /** Begins every key. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly attemptsMax?: number;
  readonly backoffBaseMs?: number;
  readonly waitingMax?: number;
  /** How long a server that is still starting is waited for. */
  readonly startWaitMs?: number;
}

interface QueueParts {
  readonly queue: BullQueue;
  readonly adder: JobAdder;
}

interface Connections {
  readonly asking: RedisClient;
  readonly working: RedisClient;
  readonly life: ConnectionLife;
}

export class BullmqJobQueue implements JobQueue {
  private readonly options: Required<BullmqJobQueueOptions>;
  private readonly asking: RedisClient;
  private readonly working: RedisClient;
  private readonly life: ConnectionLife;
  private readonly parts: ReadonlyMap<QueueName, QueueParts>;
  private readonly admission: JobAdmission;
  private readonly workers = new Set<BullmqWorker>();
  private closing: Promise<void> | null = null;

  private constructor(options: Required<BullmqJobQueueOptions>, { asking, working, life }: Connections) {
    this.options = options;
    this.asking = asking;
    this.working = working;
    this.life = life;
    const { prefix, clock, log, waitingMax, attemptsMax } = options;
    this.parts = new Map(
      CONSUMERS.map((name) => {
        const queue = createQueue(prefix, name, asking);
        queue.on('error', (error) => log.debug('a queue met an error', { queue: name, error }));
        const adder = new JobAdder({ queue, client: asking, clock, ids: jobIds, attemptsMax });
        return [name, { queue, adder }];
      }),
    );
    this.admission = new JobAdmission({ waitingMax, clock, measure: () => this.total() });
  }

  /** `StartRefusal` if Redis stays away, does not let this node in, or may evict what it was given. */
  static async open(options: BullmqJobQueueOptions): Promise<BullmqJobQueue> {
    const defaults = {
      attemptsMax: limits.jobAttemptsMax,
      backoffBaseMs: limits.jobBackoffBaseMs,
      waitingMax: limits.jobsWaitingMax,
      startWaitMs: limits.redisStartWaitMs,
    };
    const complete = { ...defaults, ...options };
    const { redis, log } = complete;
    const life = new ConnectionLife();
    const asking = createRedis(redis, 'asking', { log, life });
    const working = createRedis(redis, 'working', { log, life });
    try {
      await connect(asking, complete);
      await requireNoEviction(asking);
      await connect(working, complete);
      const queue = new BullmqJobQueue(complete, { asking, working, life });
      await Promise.all([...queue.parts.values()].map((parts) => parts.queue.waitUntilReady()));
      return queue;
    } catch (error) {
      life.end();
      throw error;
    }
  }

  async add(queue: QueueName, key: string, data: JobData, options: AddOptions = {}): Promise<void> {
    this.requireReady();
    await this.admission.run(() => this.partsOf(queue).adder.add(key, data, options));
  }

  work(queue: QueueName, handler: (job: Job) => Promise<void>, work: WorkOptions): JobWorker {
    this.requireOpen();
    const worker = new BullmqWorker({ ...this.options, queue, client: this.working, ids: jobIds, handler, work });
    this.workers.add(worker);
    return {
      close: () => worker.close().finally(() => this.workers.delete(worker)),
    };
  }

  async parked(queue: QueueName, limit: number): Promise<ParkedJob[]> {
    this.requireReady();
    const jobs = await inTime(this.options.clock, this.partsOf(queue).queue.getJobs(['failed'], 0, limit - 1, true));
    return jobs.map((job) => ({
      key: jobIds.keyOf(job.id ?? ''),
      data: job.data,
      reason: job.failedReason,
      attempts: job.attemptsMade,
      parkedAtMs: job.finishedOn ?? job.timestamp,
    }));
  }

  async retryParked(queue: QueueName, key: string): Promise<boolean> {
    this.requireReady();
    return inTime(this.options.clock, this.putBack(this.partsOf(queue).queue, jobIds.of(key)));
  }

  async depth(queue: QueueName): Promise<number> {
    this.requireReady();
    return inTime(this.options.clock, depthOf(this.partsOf(queue).queue));
  }

  async ping(): Promise<void> {
    this.requireReady();
    await inTime(this.options.clock, this.partsOf('media').queue.getJobCountByTypes('active'));
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => worker.close()));
    await Promise.all([...this.parts.values()].map(({ queue }) => queue.close().catch(() => undefined)));
    this.life.end();
  }

  private async putBack(queue: BullQueue, id: string): Promise<boolean> {
    const job = await queue.getJob(id);
    if (job === undefined || !(await job.isFailed())) return false;
    try {
      await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
      return true;
    } catch (error) {
      // Somebody else put it back first.
      if (!(await job.isFailed())) return false;
      throw error;
    }
  }

  private async total(): Promise<number> {
    const depths = await inTime(
      this.options.clock,
      Promise.all([...this.parts.values()].map(({ queue }) => depthOf(queue))),
    );
    return depths.reduce((sum, depth) => sum + depth, 0);
  }

  private partsOf(name: QueueName): QueueParts {
    const parts = this.parts.get(name);
    if (parts === undefined) throw new Problem('internal', { cause: new Error(`there is no queue ${name}`) });
    return parts;
  }

  private requireOpen(): void {
    if (this.closing !== null) throw new Problem('unavailable', { detail: 'The job queue is closed.' });
  }

  /** While Redis is known to be away, nothing is waited for. */
  private requireReady(): void {
    this.requireOpen();
    if (this.asking.status === 'ready') return;
    throw new Problem('unavailable', { detail: 'The job queue cannot be used at the moment.' });
  }
}

/** Waits for a server that is still starting. */
async function connect(client: RedisClient, options: Required<BullmqJobQueueOptions>): Promise<void> {
  const { clock, startWaitMs } = options;
  let given = (_error: unknown): void => undefined;
  const givenUp = new Promise<never>((_, reject) => {
    given = reject;
  });
  let last: unknown = null;
  const remember = (error: unknown): void => {
    last = error;
    if (startWaitMs === 0 || isFinal(error)) given(error);
  };
  client.on('error', remember);
  const timer = clock.after(Math.max(startWaitMs, limits.redisConnectMs), () =>
    given(last ?? new Error('it does not answer')),
  );
  const ready = new Promise<void>((resolve) => {
    if (client.status === 'ready') resolve();
    else client.once('ready', () => resolve());
  });
  // Its rejection says less than the error before, and is about the first try only.
  if (client.status === 'wait') client.connect().catch((error: unknown) => remember(last ?? error));
  try {
    await Promise.race([ready, givenUp]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartRefusal(`Redis does not let this node in: ${reason}`);
  } finally {
    timer.cancel();
    client.off('error', remember);
  }
}

/** Waiting will not change these. */
function isFinal(error: unknown): boolean {
  return error instanceof Error && /^(?:WRONGPASS|NOAUTH|NOPERM|ERR)/.test(error.message);
}
