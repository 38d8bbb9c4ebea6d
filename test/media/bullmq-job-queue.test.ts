import { fork } from 'node:child_process';
import { whenNamed } from '../conformance/adapters.ts';
import { jobQueueConformance } from '../conformance/job-queue-conformance.ts';
import { removeKeys } from './bullmq/remove-keys.ts';
import { freshPrefix, openTestQueue, testRedis } from './bullmq/test-redis.ts';

whenNamed('bullmq', () => {
  jobQueueConformance('bullmq', async (tuning) => {
    const prefix = freshPrefix();
    let queue = await openTestQueue({ prefix, ...tuning });
    return {
      queue,
      async reopen() {
        await queue.close();
        queue = await openTestQueue({ prefix, ...tuning });
        return queue;
      },
      startStuckWorker: () =>
        fork(new URL('bullmq/stuck-worker.ts', import.meta.url), [prefix], {
          stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        }),
      async dispose() {
        await queue.close();
        await removeKeys(testRedis(), prefix);
      },
    };
  });
});
