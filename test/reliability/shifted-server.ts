/** The product with its wall clock ahead by `CLOCK_AHEAD_MS`, as if that much time had passed since the last start. */
import { systemClock } from '../../src/clock.ts';
import { compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';

const aheadMs = Number(process.env['CLOCK_AHEAD_MS'] ?? 0);
const application = await compose(readConfig(process.env), {
  clock: { ...systemClock, now: () => systemClock.now() + aheadMs },
});
process.stdout.write(`ready at ${application.url}\n`);
process.once('SIGTERM', () => {
  void application.drain().then(() => process.exit(0));
});
