/** Opens what lives outside the process's memory: tables, blobs, jobs, the node's slot. */
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { type IdSource, RevisionSource } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { JobQueue } from '../media/job-queue.ts';
import type { Metrics } from '../metrics.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import { meteredStore } from '../storage/metered-store.ts';
import { NodeSlot } from '../storage/node-slot.ts';
import type { Store } from '../storage/store.ts';
import { openBlobs } from './blobs.ts';
import type { Cleanup } from './cleanup.ts';
import { openQueue } from './queues.ts';
import { openStore } from './stores.ts';

/** Wrappers around ports, for tests that inject faults. */
export interface PortWrappers {
  readonly wrapStore?: (store: Store) => Store;
  readonly wrapQueue?: (queue: JobQueue) => JobQueue;
  readonly wrapBlobs?: (blobs: BlobStore) => BlobStore;
}

export interface Basics {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly cleanup: Cleanup;
}

export interface Resources {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly queue: JobQueue;
  readonly slot: NodeSlot;
  readonly ids: IdSource;
  readonly revisions: RevisionSource;
}

export async function openResources(basics: Basics, wrappers: PortWrappers): Promise<Resources> {
  const { clock, log, metrics, cleanup } = basics;
  const { store: engine, owner } = await openStore(basics);
  cleanup.add('store', () => engine.close());
  const metered = meteredStore(engine, metrics);
  const store = wrappers.wrapStore?.(metered) ?? metered;
  const files = await openBlobs(basics);
  cleanup.add('blobs', () => files.close());
  const jobs = await openQueue(basics);
  cleanup.add('queue', () => jobs.close());
  const slot = await NodeSlot.claim({ store, clock, log, owner });
  cleanup.add('node slot', () => slot.release());
  return {
    store,
    blobs: wrappers.wrapBlobs?.(files) ?? files,
    queue: wrappers.wrapQueue?.(jobs) ?? jobs,
    slot,
    ids: slot.ids,
    revisions: new RevisionSource(clock, slot.slot),
  };
}
