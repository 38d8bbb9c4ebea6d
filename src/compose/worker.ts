/**
 * A process that renders photographs and nothing else: it takes the jobs of `media`, writes blobs and rows, and writes down
 * what became of each photo. Nodes with a gateway do the rest, because phones are connected to them.
 */
import { createDispatch, startConsumers } from '../actors/outbox/consumers.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { StartRefusal } from '../errors.ts';
import { createLogger, type Logger } from '../log.ts';
import { WrittenMediaOutcome } from '../media/written-media-outcome.ts';
import { createMetrics } from '../metrics.ts';
import { OutboxRows } from '../storage/repositories/outbox.ts';
import { Cleanup } from './cleanup.ts';
import { HealthServer } from './health-server.ts';
import { readiness } from './readiness.ts';
import { openResources, type PortWrappers } from './resources.ts';
import { openMediaWork, stopWork } from './workers.ts';

export interface WorkerOverrides extends PortWrappers {
  readonly clock?: Clock;
  readonly log?: Logger;
}

export interface WorkerProcess {
  /** Where health and metrics are served. */
  readonly url: string;
  /** Gives the photographs under way back: another worker, or the next start, finishes them. */
  close(): Promise<void>;
}

/** Rejects with `StartRefusal` when there is nothing this process could share with the others. */
export async function composeWorker(config: Config, overrides: WorkerOverrides = {}): Promise<WorkerProcess> {
  requireShared(config);
  const log = overrides.log ?? createLogger(config.logLevel);
  const clock = overrides.clock ?? systemClock;
  const cleanup = new Cleanup(log);
  try {
    const metrics = createMetrics();
    const basics = { config, clock, log, metrics, cleanup };
    const resources = await openResources(basics, overrides);
    const { store, queue, ids, revisions } = resources;
    const outcome = new WrittenMediaOutcome({ store, ids, dispatch: createDispatch({ queue, logger: log }) });
    const media = openMediaWork({ ...basics, ...resources, outcome });
    const rows = new OutboxRows(store, revisions);
    const consumers = startConsumers({ media: media.handle }, { queue, rows, clock, logger: log });
    cleanup.add('consumers', () => stopWork(consumers, media));
    const { host, port, metricsToken } = config;
    const ready = () => readiness(resources, clock);
    const health = await HealthServer.open({ host, port, metrics, metricsToken, ready });
    cleanup.add('health', () => health.close());
    const name = host.includes(':') ? `[${host}]` : host;
    return { url: `http://${name}:${health.port}`, close: () => cleanup.run() };
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

function requireShared({ queue, store, blobs }: Config): void {
  const needed = [
    ['QUEUE', queue, 'embedded', 'bullmq'],
    ['STORE', store, 'embedded', 'cql'],
    ['BLOBS', blobs, 'filesystem', 's3'],
  ] as const;
  for (const [name, chosen, own, shared] of needed) {
    if (chosen !== own) continue;
    throw new StartRefusal(
      `A worker shares its work with other processes, and ${name}=${own} is of one process only. Set ${name}=${shared}.`,
    );
  }
}
