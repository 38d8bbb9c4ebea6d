/** `npm run migrate`: makes or upgrades the keyspace that the configuration names, and says what it changed. */
import { systemClock } from '../src/clock.ts';
import { migrateStore } from '../src/compose/stores.ts';
import { ConfigurationError, readConfig } from '../src/config.ts';
import { StartRefusal } from '../src/errors.ts';
import { createLogger } from '../src/log.ts';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLogger('warn');
  const { from, to, statements } = await migrateStore({ config, clock: systemClock, log });
  for (const statement of statements) console.log(statement);
  const was = from === null ? 'new' : `schema ${from}`;
  console.log(`Keyspace ${config.cqlKeyspace}: ${was}, now schema ${to}; ${statements.length} changes.`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const isRefusal = error instanceof ConfigurationError || error instanceof StartRefusal;
    console.error(isRefusal ? error.message : error);
    process.exit(2);
  },
);
