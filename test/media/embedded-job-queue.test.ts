import { fork } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { type Clock, systemClock } from '../../src/clock.ts';
import { limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/log.ts';
import { EmbeddedJobQueue } from '../../src/media/embedded/embedded-job-queue.ts';
import { Unretryable } from '../../src/media/job-queue.ts';
import { jobQueueConformance } from '../conformance/job-queue-conformance.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';

async function inTemporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const folder = await temporaryFolder();
  return { path: join(folder.path, 'jobs.sqlite'), remove: folder.remove };
}

if ((process.env['ADAPTERS'] ?? 'embedded').split(',').includes('embedded')) {
  jobQueueConformance('embedded', async (tuning) => {
    const { path, remove } = await inTemporaryFolder();
    const openQueue = () => EmbeddedJobQueue.open({ path, clock: systemClock, log: silentLogger, ...tuning });
    let queue = await openQueue();
    return {
      queue,
      async reopen() {
        await queue.close();
        queue = await openQueue();
        return queue;
      },
      startStuckWorker: () =>
        fork(new URL('stuck-worker.ts', import.meta.url), [path], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] }),
      async dispose() {
        await queue.close();
        await remove();
      },
    };
  });
}

test('a second process cannot open the same file', async (t) => {
  const { path, remove } = await inTemporaryFolder();
  const options = { path, clock: systemClock, log: silentLogger };
  const queue = await EmbeddedJobQueue.open(options);
  await queue.add('media', 'a', {});
  await t.throwsAsync(EmbeddedJobQueue.open(options), { message: /locked/ });
  await queue.close();
  await t.throwsAsync(queue.add('media', 'b', {}), { message: /^unavailable/ });
  await remove();
});

test('a parked job is kept as long as its outbox row, and no longer', async (t) => {
  const { path, remove } = await inTemporaryFolder();
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const queue = await EmbeddedJobQueue.open({ path, clock, log: silentLogger });
  const handler = async (): Promise<void> => {
    throw new Unretryable('never');
  };
  queue.work('media', handler, { concurrency: 1 });
  const parkedAfter = async (key: string): Promise<string[]> => {
    await queue.add('media', key, {});
    await waitFor('the job to be parked', async () =>
      (await queue.parked('media', 10)).some((parked) => parked.key === key),
    );
    return (await queue.parked('media', 10)).map((parked) => parked.key);
  };
  t.deepEqual(await parkedAfter('first'), ['first']);
  aheadMs = limits.outboxRetentionMs - 60_000;
  t.deepEqual(await parkedAfter('second'), ['first', 'second']);
  aheadMs = limits.outboxRetentionMs + 60_000;
  t.deepEqual(await parkedAfter('third'), ['second', 'third']);
  await queue.close();
  await remove();
});
