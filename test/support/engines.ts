/** Redis, Cassandra and MinIO of a test's own, and what to export so that the product runs on them. */
import { cassandra } from '../../scripts/services/cassandra.ts';
import { minio } from '../../scripts/services/minio.ts';
import { EngineProcess } from './engine-process.ts';
import { RedisProcess } from './redis-process.ts';

export class Engines {
  readonly redis: RedisProcess;
  readonly cassandra: EngineProcess;
  readonly minio: EngineProcess;

  private constructor(redis: RedisProcess, tables: EngineProcess, blobs: EngineProcess) {
    this.redis = redis;
    this.cassandra = tables;
    this.minio = blobs;
  }

  static async start(): Promise<Engines> {
    const started = await Promise.allSettled([
      RedisProcess.start(),
      EngineProcess.start(cassandra),
      EngineProcess.start(minio),
    ]);
    const [redis, tables, blobs] = started;
    if (redis.status === 'fulfilled' && tables.status === 'fulfilled' && blobs.status === 'fulfilled') {
      return new Engines(redis.value, tables.value, blobs.value);
    }
    await Promise.all(started.flatMap((each) => (each.status === 'fulfilled' ? [each.value.remove()] : [])));
    const reasons = started.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
    throw new Error(reasons.join('\n'));
  }

  get environment(): Readonly<Record<string, string>> {
    const choice = { STORE: 'cql', BLOBS: 's3', QUEUE: 'bullmq' };
    return { ...choice, ...this.cassandra.environment, ...this.minio.environment, REDIS_URL: this.redis.url };
  }

  async remove(): Promise<void> {
    await Promise.all([this.redis.remove(), this.cassandra.remove(), this.minio.remove()]);
  }
}
