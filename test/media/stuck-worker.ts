/** Takes jobs of queue `media` from the file named by the argument and never ends them: to be killed. */
import { systemClock } from '../../src/clock.ts';
import { silentLogger } from '../../src/log.ts';
import { EmbeddedJobQueue } from '../../src/media/embedded/embedded-job-queue.ts';

const path = process.argv[2] ?? '';
const queue = await EmbeddedJobQueue.open({ path, clock: systemClock, log: silentLogger });
queue.work(
  'media',
  (job) => {
    process.stdout.write(`ran ${job.key}\n`);
    return new Promise(() => undefined);
  },
  { concurrency: 1 },
);
setInterval(() => undefined, 1000);
