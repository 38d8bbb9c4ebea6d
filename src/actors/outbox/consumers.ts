/**
 * Runs the consumers. A job is one outbox row; it is done only when the row is gone, and the row goes only after the
 * consumer's effects are acknowledged. So a job that runs twice, late, or after a crash changes nothing.
 */
import { assertNever } from '../../assert-never.ts';
import type { Clock } from '../../clock.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import type { Job, JobData, JobQueue, JobWorker } from '../../media/job-queue.ts';
import type { Consumer, Dispatch, OutboxEntry } from '../../storage/activity.ts';
import type { OutboxRows } from '../../storage/repositories/outbox.ts';

export type ConsumerHandlers = { readonly [Name in Consumer]: (entry: OutboxEntry) => Promise<void> };

export interface OutboxDependencies {
  readonly queue: JobQueue;
  readonly rows: OutboxRows;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An outbox id holds neither a colon nor only digits, so it can be a job's key in every queue. */
function jobKey(entry: OutboxEntry): string {
  return `o-${entry.outboxId}`;
}

function jobData(entry: OutboxEntry): JobData {
  return { entry };
}

function entryOf(job: Job): OutboxEntry {
  // Written by jobData above and by nothing else; the queue keeps JSON as it is.
  return job.data['entry'] as OutboxEntry;
}

/** Hands entries to their queues. The returned promise is for the sweeper; commands need not wait for it. */
export async function enqueue(queue: JobQueue, entries: readonly OutboxEntry[]): Promise<void> {
  await Promise.all(
    entries.map((entry) => {
      const delayMs = entry.consumer === 'fan-out' ? limits.fanOutDelayMs : 0;
      return queue.add(entry.consumer, jobKey(entry), jobData(entry), { delayMs });
    }),
  );
}

/** The dispatcher: at once, and forgotten if it fails, because the sweeper finds what was not enqueued. */
export function createDispatch({ queue, logger }: Pick<OutboxDependencies, 'queue' | 'logger'>): Dispatch {
  return (entries) => {
    enqueue(queue, entries).catch((error: unknown) =>
      logger.warn('dispatch failed; the sweeper will enqueue', { error }),
    );
  };
}

function concurrencyOf(consumer: Consumer): number {
  switch (consumer) {
    case 'fan-out':
    case 'fan-out-chunk':
      return limits.fanOutJobsConcurrent;
    case 'media':
      return limits.renditionWorkers;
    case 'media-outcome':
    case 'notifications':
    case 'counters':
      return limits.lightJobsConcurrent;
    default:
      return assertNever(consumer);
  }
}

function startConsumer(
  consumer: Consumer,
  handle: (entry: OutboxEntry) => Promise<void>,
  { queue, rows, clock, logger }: OutboxDependencies,
): JobWorker {
  return queue.work(
    consumer,
    async (job) => {
      const entry = entryOf(job);
      if (!(await rows.pending(entry))) return;
      await handle(entry);
      await rows.done(entry);
    },
    {
      concurrency: concurrencyOf(consumer),
      onParked: async (job, reason) => {
        const entry = entryOf(job);
        logger.error('outbox entry parked', { consumer, outboxId: entry.outboxId, kind: entry.activity.kind, reason });
        await rows.park(entry, reason, clock.now());
      },
    },
  );
}

/** Starts a worker per consumer that has a handler here; `close` lets those under way finish. */
export function startConsumers(handlers: Partial<ConsumerHandlers>, dependencies: OutboxDependencies): JobWorker {
  const workers = (Object.keys(handlers) as Consumer[]).flatMap((consumer) => {
    const handle = handlers[consumer];
    return handle === undefined ? [] : [startConsumer(consumer, handle, dependencies)];
  });
  return {
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}
