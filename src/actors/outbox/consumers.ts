/**
 * Runs the consumers. A job is one outbox row, and the row goes only after the consumer's effects are acknowledged: a moment
 * later, with others. A job that runs twice, late, or after a crash changes nothing.
 *
 * Fan-outs of one author run one after another, in the order of what happened, so that two quick edits stand in every
 * inbox in that order; the chunks of one fan-out run side by side. This holds for what one node takes from its queue: a
 * fan-out that fails is tried again later and may then come behind its successors, and so may one that is split into chunks
 * when the next is not, because the list has just become short. Versions of posts make that harmless.
 */
import { assertNever } from '../../assert-never.ts';
import { type Clock, nextTurn } from '../../clock.ts';
import { isPassing } from '../../errors.ts';
import { timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import type { Job, JobData, JobQueue, JobWorker } from '../../media/job-queue.ts';
import type { Consumer, Dispatch, OutboxEntry } from '../../storage/activity.ts';
import type { OutboxRows } from '../../storage/repositories/outbox.ts';
import { FinishedEntries } from './finished-entries.ts';
import { Lanes } from './lanes.ts';

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

/**
 * The dispatcher: after a turn, in which connected phones are sent what happened, and forgotten if it fails, because the
 * sweeper finds what was not enqueued.
 */
export function createDispatch({ queue, logger }: Pick<OutboxDependencies, 'queue' | 'logger'>): Dispatch {
  return (entries) => {
    nextTurn()
      .then(() => enqueue(queue, entries))
      .catch((error: unknown) => logger.warn('dispatch failed; the sweeper will enqueue', { error }));
  };
}

interface Manner {
  /** Jobs that are taken from the queue at once, those included that wait in a lane. */
  readonly concurrency: number;
  readonly lanes: Lanes | null;
}

function mannerOf(consumer: Consumer): Manner {
  switch (consumer) {
    case 'fan-out':
    case 'fan-out-chunk':
      return { concurrency: limits.fanOutJobsTaken, lanes: new Lanes(limits.fanOutJobsConcurrent) };
    case 'media':
      return { concurrency: limits.renditionWorkers, lanes: null };
    case 'media-outcome':
    case 'photo-removal':
    case 'notifications':
    case 'counters':
      return { concurrency: limits.lightJobsConcurrent, lanes: null };
    default:
      return assertNever(consumer);
  }
}

/** The author whose followers are told; what tells nobody has a lane of its own. */
function laneOf({ activity, outboxId }: OutboxEntry): string {
  const told = activity.kind === 'fan-out.chunk' ? activity.of : activity;
  switch (told.kind) {
    case 'post.published':
    case 'post.updated':
    case 'post.deleted':
      return told.authorId;
    default:
      return outboxId;
  }
}

function startConsumer(
  consumer: Consumer,
  handle: (entry: OutboxEntry) => Promise<void>,
  { queue, rows, clock, logger, finished }: OutboxDependencies & { readonly finished: FinishedEntries },
): JobWorker {
  const { concurrency, lanes } = mannerOf(consumer);
  const handleOnce = async (entry: OutboxEntry): Promise<boolean> => {
    if (finished.has(entry) || !(await rows.pending(entry))) return false;
    await handle(entry);
    return true;
  };
  return queue.work(
    consumer,
    async (job) => {
      const entry = entryOf(job);
      try {
        // Jobs begin in the order of the queue. Whatever is awaited before the lane is entered may change that.
        const handled = await (lanes === null
          ? handleOnce(entry)
          : lanes.run(laneOf(entry), entry.activityId, () => handleOnce(entry)));
        if (handled) await finished.add(entry);
      } catch (error) {
        if (!isPutOff(entry, error, job.attempt, clock.now())) throw error;
        logger.warn('work is put off: a part of the service is away', { consumer, outboxId: entry.outboxId, error });
      }
    },
    {
      concurrency,
      onParked: async (job, reason) => {
        const entry = entryOf(job);
        logger.error('outbox entry parked', { consumer, outboxId: entry.outboxId, kind: entry.activity.kind, reason });
        await rows.park(entry, reason, clock.now());
      },
    },
  );
}

/**
 * At its last try, work that fails only because something is away leaves the queue and not the outbox: the sweeper brings
 * it back with all its tries before it. Else an outage longer than they span would park everything that came during it.
 * It is parked long before its row would expire.
 */
function isPutOff(entry: OutboxEntry, error: unknown, attempt: number, nowMs: number): boolean {
  const isOld = nowMs - timeOfId(entry.outboxId) > limits.outboxRetentionMs / 2;
  return attempt >= limits.jobAttemptsMax && isPassing(error) && !isOld;
}

/** Starts a worker per consumer that has a handler here; `close` lets those under way finish, and takes their rows away. */
export function startConsumers(handlers: Partial<ConsumerHandlers>, dependencies: OutboxDependencies): JobWorker {
  const finished = new FinishedEntries(dependencies);
  const workers = (Object.keys(handlers) as Consumer[]).flatMap((consumer) => {
    const handle = handlers[consumer];
    return handle === undefined ? [] : [startConsumer(consumer, handle, { ...dependencies, finished })];
  });
  return {
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
      await finished.close();
    },
  };
}
