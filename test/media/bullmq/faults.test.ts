import { fork } from 'node:child_process';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../src/clock.ts';
import { Problem, StartRefusal } from '../../../src/errors.ts';
import { limits } from '../../../src/limits.ts';
import type { BullmqJobQueue } from '../../../src/media/bullmq/bullmq-job-queue.ts';
import { JobAdmission } from '../../../src/media/bullmq/job-admission.ts';
import { whenNamed } from '../../conformance/adapters.ts';
import { RedisProcess, type RedisProcessOptions } from '../../support/redis-process.ts';
import { waitFor } from '../../support/wait-for.ts';
import { freshPrefix, openTestQueue, testRedis } from './test-redis.ts';

async function ownRedis(t: ExecutionContext, options: RedisProcessOptions = {}): Promise<RedisProcess> {
  const redis = await RedisProcess.start(options);
  t.teardown(() => redis.remove());
  return redis;
}

function locationOf(url: string) {
  return testRedis({ REDIS_URL: url });
}

/** Adds a job with each key and waits until each ran. */
async function runsJobs(queue: BullmqJobQueue, ...keys: string[]): Promise<string[]> {
  const ran: string[] = [];
  const worker = queue.work('media', async (job) => void ran.push(job.key), { concurrency: 2 });
  await Promise.all(keys.map((key) => queue.add('media', key, {})));
  await waitFor('all jobs', async () => ran.length >= keys.length && (await queue.depth('media')) === 0);
  await worker.close();
  return ran.sort();
}

whenNamed('bullmq', () => {
  test('while Redis is killed everything is refused at once; what it acknowledged runs when it is back', async (t) => {
    const redis = await ownRedis(t);
    const queue = await openTestQueue({ redis: locationOf(redis.url) });
    await queue.add('media', 'acknowledged', {});
    const ran: string[] = [];
    await redis.signal('SIGKILL');
    await waitFor('the loss to be noticed', async () =>
      queue.ping().then(
        () => false,
        () => true,
      ),
    );
    const start = performance.now();
    const calls = [
      queue.add('media', 'refused', {}),
      queue.depth('media'),
      queue.parked('media', 1),
      queue.retryParked('media', 'a'),
      queue.ping(),
    ];
    for (const call of calls) {
      const error = await t.throwsAsync(call);
      t.true(error instanceof Problem && error.code === 'unavailable' && error.retryable);
    }
    t.true(performance.now() - start < 1000);
    const worker = queue.work('media', async (job) => void ran.push(job.key), { concurrency: 1 });
    await redis.run();
    await waitFor('the job', () => ran.length === 1);
    t.deepEqual(ran, ['acknowledged']);
    await waitFor('adding again', async () =>
      queue.add('media', 'later', {}).then(
        () => true,
        () => false,
      ),
    );
    await waitFor('the later job', () => ran.includes('later'));
    await worker.close();
    await queue.close();
  });

  test('a Redis that stands still is a retryable problem within a bounded time', async (t) => {
    const redis = await ownRedis(t);
    const queue = await openTestQueue({ redis: locationOf(redis.url) });
    await redis.signal('SIGSTOP');
    const start = performance.now();
    await t.throwsAsync(queue.add('media', 'a', {}), { message: /^unavailable/ });
    t.true(performance.now() - start < limits.redisAnswerMs * 2 + 1000);
    await redis.signal('SIGCONT');
    await waitFor('adding again', async () =>
      queue.add('media', 'a', {}).then(
        () => true,
        () => false,
      ),
    );
    t.is(await queue.depth('media'), 1, 'the key was added once, though it was tried twice');
    await queue.close();
  });

  test('a node closes in bounded time though Redis is gone', async (t) => {
    const redis = await ownRedis(t);
    const queue = await openTestQueue({ redis: locationOf(redis.url) });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let started = false;
    queue.work('media', async () => ((started = true), gate), { concurrency: 1 });
    await queue.add('media', 'a', {});
    await waitFor('the job', () => started);
    await redis.signal('SIGKILL');
    const start = performance.now();
    const closed = queue.close();
    release();
    await closed;
    t.true(performance.now() - start < limits.redisCloseMs + 3000);
  });

  test('kill after kill of its worker does not make a job fail, and it is done once in the end', async (t) => {
    const prefix = freshPrefix();
    const queue = await openTestQueue({ prefix });
    await queue.add('media', 'a', { kept: true });
    for (let kill = 0; kill < 2; kill++) {
      const child = fork(new URL('stuck-worker.ts', import.meta.url), [prefix], {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      });
      await once(child.stdout ?? child, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const start = performance.now();
    const attempts: number[] = [];
    const worker = queue.work('media', async (job) => void attempts.push(job.attempt), { concurrency: 1 });
    await waitFor('the job', async () => attempts.length > 0 && (await queue.depth('media')) === 0);
    t.true(performance.now() - start < 5000);
    t.deepEqual(attempts, [1]);
    await worker.close();
    await queue.close();
  });

  test('a Redis that may evict jobs refuses the start', async (t) => {
    const redis = await ownRedis(t, { args: ['--maxmemory-policy', 'allkeys-lru'] });
    await t.throwsAsync(openTestQueue({ redis: locationOf(redis.url) }), {
      instanceOf: StartRefusal,
      message: /maxmemory-policy allkeys-lru.*noeviction/,
    });
  });

  test('a Redis that is not there, or wants a password, refuses the start in words', async (t) => {
    const away = locationOf('redis://127.0.0.1:9');
    await t.throwsAsync(openTestQueue({ redis: away }), { instanceOf: StartRefusal, message: /ECONNREFUSED/ });
    const redis = await ownRedis(t, { password: 'secret' });
    await t.throwsAsync(openTestQueue({ redis: locationOf(redis.url) }), { instanceOf: StartRefusal });
    const queue = await openTestQueue({ redis: locationOf(`redis://:secret@127.0.0.1:${redis.port}`) });
    await queue.ping();
    await queue.close();
  });

  test('jobs run on a cluster', async (t) => {
    const redis = await ownRedis(t, { args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] });
    await redis.ask((client) => client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383'));
    await waitFor('the cluster', async () =>
      /cluster_state:ok/.test(String(await redis.ask((one) => one.call('CLUSTER', 'INFO')))),
    );
    const queue = await openTestQueue({ redis: locationOf(`redis+cluster://127.0.0.1:${redis.port}`) });
    t.deepEqual(await runsJobs(queue, 'a', 'b', 'c'), ['a', 'b', 'c']);
    await queue.close();
  });

  test('jobs run on the master that sentinels know', async (t) => {
    const redis = await ownRedis(t);
    const sentinel = await ownRedis(t, { sentinelOf: redis.port });
    const queue = await openTestQueue({ redis: locationOf(`redis+sentinel://127.0.0.1:${sentinel.port}/master`) });
    t.deepEqual(await runsJobs(queue, 'a', 'b'), ['a', 'b']);
    await queue.close();
  });
});

test('a process alone never adds beyond the bound, and measures only near it', async (t) => {
  let waiting = 0;
  let measured = 0;
  const admission = new JobAdmission({
    waitingMax: 10,
    clock: systemClock,
    measure: async () => (measured++, waiting),
  });
  const add = () => admission.run(async () => void waiting++);
  const outcomes = await Promise.allSettled(Array.from({ length: 25 }, add));
  t.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 10);
  t.is(waiting, 10);
  waiting = 0;
  const before = measured;
  await Promise.all(Array.from({ length: 9 }, add));
  t.is(measured, before + 1);
  t.is(waiting, 9);
});
