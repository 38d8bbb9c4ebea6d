/**
 * The composition root: the only place that names concrete adapters. Opens everything in order of need and releases it in
 * reverse, so that three nodes fit into one test process.
 */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createDispatch } from './actors/outbox/consumers.ts';
import { type Clock, systemClock } from './clock.ts';
import { composeActors } from './compose/actors.ts';
import { storageEvents } from './compose/blobs.ts';
import { Cleanup } from './compose/cleanup.ts';
import { readiness } from './compose/readiness.ts';
import { openResources, type PortWrappers } from './compose/resources.ts';
import { startWorkers } from './compose/workers.ts';
import type { Config } from './config.ts';
import { Auth } from './gateway/auth/auth.ts';
import { keptSecret, Secrets } from './gateway/auth/secrets.ts';
import { Gateway } from './gateway/gateway.ts';
import { openApiDocument } from './gateway/openapi.ts';
import { catalogue } from './gateway/operations/catalogue.ts';
import { TokenBucketLimiter } from './gateway/token-bucket-limiter.ts';
import { limits } from './limits.ts';
import { createLogger, type Logger } from './log.ts';
import { UploadService } from './media/upload-service.ts';
import { createMetrics } from './metrics.ts';
import { OutboxRows } from './storage/repositories/outbox.ts';

export const VERSION = '0.1.0';
const WEB_ROOT = join(import.meta.dirname, '..', 'web', 'dist');

export interface Overrides extends PortWrappers {
  readonly clock?: Clock;
  readonly log?: Logger;
}

export interface Application {
  readonly url: string;
  /** Lets connections go first, then closes. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Rejects with `StartRefusal` when this node must not start, and releases what it had acquired. */
export async function compose(config: Config, overrides: Overrides = {}): Promise<Application> {
  const log = overrides.log ?? createLogger(config.logLevel);
  const cleanup = new Cleanup(log);
  try {
    return await open(config, overrides, { log, cleanup });
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

async function open(
  config: Config,
  overrides: Overrides,
  { log, cleanup }: { log: Logger; cleanup: Cleanup },
): Promise<Application> {
  const clock = overrides.clock ?? systemClock;
  const metrics = createMetrics();
  const basics = { config, clock, log, metrics, cleanup };
  const resources = await openResources(basics, overrides);
  const secrets = new Secrets(config.secrets ?? [await keptSecret(config.dataDir, clock)]);
  const port = config.port === 0 ? await freePort(config.host) : config.port;
  const publicUrl =
    config.publicUrl ?? `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  const { store, blobs, queue, ids, revisions } = resources;
  const dispatch = createDispatch({ queue, logger: log });
  const { newest, byId } = secrets.keys('upload-url');
  const secret = newest.key.export();
  const olderSecrets = [...byId.values()].filter((key) => key !== newest.key).map((key) => key.export());
  const uploads = new UploadService({ store, blobs, ids, revisions, clock, publicUrl, secret, olderSecrets, dispatch });
  const actors = await composeActors({ ...basics, ...resources, publicUrl, dispatch, uploads });
  const { profiles } = actors.services;
  const rateLimiter = new TokenBucketLimiter({ factor: config.rateLimitFactor });
  const auth = await Auth.open({ store, clock, ids, revisions, secrets, profiles, log });
  cleanup.add('auth', () => auth.close());
  const rows = new OutboxRows(store, revisions);
  await startWorkers({ ...basics, ...resources, rows, handlers: actors.handlers, outcome: actors.mediaOutcome });
  metrics.gauge('resident_actors', 'Actors in memory.', () => actors.live.residentCount);
  const gateway = await Gateway.open({
    ...basics,
    host: config.host,
    port,
    publicUrl,
    allowedOrigins: config.allowedOrigins,
    trustProxy: config.trustProxy,
    metricsToken: config.metricsToken,
    webRoot: existsSync(WEB_ROOT) ? WEB_ROOT : null,
    spoolDir: join(config.dataDir, 'spool'),
    services: { ...actors.services, accounts: auth.accounts },
    sessions: actors.live,
    authenticator: auth.authenticator,
    blobs,
    rateLimiter,
    operations: catalogue,
    openApi: openApiDocument({ publicUrl, version: VERSION }),
    storageEvents: storageEvents(config),
    ready: () => readiness(resources, clock),
    limits,
  });
  cleanup.add('gateway', () => gateway.close());
  return {
    url: publicUrl,
    async drain() {
      await gateway.drain();
      await cleanup.run();
    },
    close: () => cleanup.run(),
  };
}

/** Absolute URLs are made before the gateway listens, so a free port is found first. */
async function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
