/** The product, which collects garbage and says so when it gets SIGUSR2. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const application = await compose(readConfig(process.env));
process.stdout.write(`ready at ${application.url}\n`);
process.on('SIGUSR2', () => {
  collect();
  collect();
  process.stdout.write('collected\n');
});
process.once('SIGTERM', () => {
  void application.drain().then(() => process.exit(0));
});
