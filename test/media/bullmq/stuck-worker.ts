/** Takes a job and never ends it, until it is killed. Arguments: prefix of the keys. */
import { openTestQueue } from './test-redis.ts';

const [, , prefix = ''] = process.argv;
const queue = await openTestQueue({ prefix });
queue.work(
  'media',
  async (job) => {
    console.log(`ran ${job.key}`);
    await new Promise(() => undefined);
  },
  { concurrency: 1 },
);
