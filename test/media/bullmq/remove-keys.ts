/** Removes what a test left in Redis. */
import { Redis } from 'ioredis';
import type { RedisSettings } from '../../../src/media/bullmq/redis-client.ts';

export async function removeKeys(redis: RedisSettings, prefix: string): Promise<number> {
  const [{ host, port } = { host: '127.0.0.1', port: 6379 }] = redis.nodes;
  const client = new Redis({ host, port, ...(redis.password === null ? {} : { password: redis.password }) });
  let removed = 0;
  try {
    for await (const keys of client.scanStream({ match: `{${prefix}.*`, count: 1000 }) as AsyncIterable<string[]>) {
      if (keys.length > 0) removed += await client.unlink(...keys);
    }
  } finally {
    client.disconnect();
  }
  return removed;
}
