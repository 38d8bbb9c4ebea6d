/** The product, with ports that crash it where `CRASH_AT` says. */
import { compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import { CrashPlan, crashingBlobs, crashingQueue, crashingStore } from './crashing-ports.ts';

const plan = new CrashPlan(process.env['CRASH_AT']);
const application = await compose(readConfig(process.env), {
  wrapStore: (store) => crashingStore(store, plan),
  wrapQueue: (queue) => crashingQueue(queue, plan),
  wrapBlobs: (blobs) => crashingBlobs(blobs, plan),
});
process.stdout.write(`ready at ${application.url}\n`);
process.once('SIGTERM', () => {
  void application.drain().then(() => process.exit(0));
});
