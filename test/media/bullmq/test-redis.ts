/** The Redis that REDIS_URL names, with keys of each test's own. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../../src/clock.ts';
import { readConfig } from '../../../src/config.ts';
import { silentLogger } from '../../../src/log.ts';
import { BullmqJobQueue, type BullmqJobQueueOptions } from '../../../src/media/bullmq/bullmq-job-queue.ts';
import type { RedisSettings } from '../../../src/media/bullmq/redis-client.ts';

/** Throws when REDIS_URL is missing: whoever names the adapter has a server. */
export function testRedis(environment: Readonly<Record<string, string | undefined>> = process.env): RedisSettings {
  const { redisUrl } = readConfig({ ...environment, QUEUE: 'bullmq' });
  if (redisUrl === null) throw new Error('REDIS_URL is missing');
  return redisUrl;
}

export function freshPrefix(): string {
  return `test-${randomUUID()}`;
}

/** A server that is not there fails at once instead of being waited for. */
export function openTestQueue(options: Partial<BullmqJobQueueOptions> = {}): Promise<BullmqJobQueue> {
  const defaults = { redis: testRedis(), prefix: freshPrefix(), clock: systemClock, log: silentLogger, startWaitMs: 0 };
  return BullmqJobQueue.open({ ...defaults, ...options });
}
