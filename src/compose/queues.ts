/** Opens the keeper of later work that the configuration names. */
import { join } from 'node:path';
import { invariant } from '../errors.ts';
import { BullmqJobQueue } from '../media/bullmq/bullmq-job-queue.ts';
import { EmbeddedJobQueue } from '../media/embedded/embedded-job-queue.ts';
import type { JobQueue } from '../media/job-queue.ts';
import type { StoreBasics } from './stores.ts';

export async function openQueue({ config, clock, log }: StoreBasics): Promise<JobQueue> {
  if (config.queue === 'embedded') {
    return EmbeddedJobQueue.open({ path: join(config.dataDir, 'jobs.sqlite'), clock, log });
  }
  const { redisUrl: redis, redisPrefix: prefix } = config;
  invariant(redis !== null, 'the configuration names the Redis server');
  return BullmqJobQueue.open({ redis, prefix, clock, log });
}
