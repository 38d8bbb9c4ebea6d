/** Binds what works behind the answers: consumers of the outbox, the sweeper, the media worker, the blob reconciler. */
import { type ConsumerHandlers, startConsumers } from '../actors/outbox/consumers.ts';
import { Sweeper } from '../actors/outbox/sweeper.ts';
import { BlobReconciler } from '../media/blob-reconciler.ts';
import type { Logger } from '../log.ts';
import type { JobWorker } from '../media/job-queue.ts';
import type { MediaOutcome } from '../media/media-outcome.ts';
import { MediaWorker } from '../media/media-worker.ts';
import { PhotoRemoval } from '../media/photo-removal.ts';
import { RenditionPool } from '../media/renditions/rendition-pool.ts';
import { repeatOutcome } from '../media/written-media-outcome.ts';
import { CONSUMERS, type OutboxEntry } from '../storage/activity.ts';
import type { OutboxRows } from '../storage/repositories/outbox.ts';
import type { Basics, Resources } from './resources.ts';

export interface WorkersInput extends Basics, Resources {
  readonly rows: OutboxRows;
  readonly handlers: Omit<ConsumerHandlers, 'media' | 'media-outcome' | 'photo-removal'>;
  readonly outcome: MediaOutcome;
}

/** Resolves once everything that a crash left behind is enqueued again. */
export async function startWorkers(input: WorkersInput): Promise<void> {
  const { clock, log, queue, rows, cleanup } = input;
  const outbox = { queue, rows, clock, logger: log };
  const media = input.config.mediaWork === 'inside' ? openMediaWork(input) : null;
  const removal = new PhotoRemoval(input);
  const handlers = {
    ...input.handlers,
    ...(media === null ? {} : { media: media.handle }),
    'photo-removal': (entry: OutboxEntry) => removal.handle(entry),
    'media-outcome': outcomeHandler(input.outcome),
  };
  const consumers = startConsumers(handlers, outbox);
  cleanup.add('consumers', () => stopWork(consumers, media));
  input.metrics.gauge('jobs_unfinished', 'Jobs that wait, are delayed or under way, over all queues.', async () => {
    const depths = await Promise.all(CONSUMERS.map((consumer) => queue.depth(consumer)));
    return depths.reduce((sum, depth) => sum + depth, 0);
  });
  const sweeper = new Sweeper(outbox);
  cleanup.add('sweeper', () => sweeper.close());
  const redriven = await sweeper.sweep(0);
  if (redriven > 0) log.info('unfinished work taken up again', { entries: redriven });
  sweeper.start();
  const reconciler = new BlobReconciler(input);
  cleanup.add('blob reconciler', reconciler.start());
  // Behind the start, which need not wait for it.
  reconciler.reconcile({ dryRun: false }).catch(behind(log, 'reconciling blobs'));
}

export interface MediaWork {
  readonly handle: ConsumerHandlers['media'];
  /** Gives photos under way back. */
  stop(): Promise<void>;
}

/** Opens what renders photos. */
export function openMediaWork(input: Basics & Resources & { readonly outcome: MediaOutcome }): MediaWork {
  const { clock, log } = input;
  const pool = new RenditionPool({ clock });
  const worker = new MediaWorker({ ...input, pool });
  pool.warm().catch(behind(log, 'warming the decoders'));
  const removal = new PhotoRemoval(input);
  const handle = async (entry: OutboxEntry): Promise<void> => {
    await worker.handle(entry);
    // Before removals had a queue of their own they came this way, and may still stand in the outbox.
    await removal.handle(entry);
  };
  return { handle, stop: () => pool.close() };
}

/** A photo may take half a minute to decode: it is given back, and decoded after the next start. */
export async function stopWork(consumers: JobWorker, media: MediaWork | null): Promise<void> {
  const ended = consumers.close();
  await media?.stop();
  await ended;
}

/** What a worker apart wrote down, as if it had happened here. */
function outcomeHandler(outcome: MediaOutcome): ConsumerHandlers['media-outcome'] {
  return async ({ activity }) => {
    if (activity.kind === 'media.processed') await repeatOutcome(outcome, activity);
  };
}

function behind(log: Logger, what: string): (error: unknown) => void {
  return (error) => log.warn('could not be done at the start', { what, error });
}
