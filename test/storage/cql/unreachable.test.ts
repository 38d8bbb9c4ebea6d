import test from 'ava';
import { systemClock } from '../../../src/clock.ts';
import { StartRefusal } from '../../../src/errors.ts';
import { silentLogger } from '../../../src/log.ts';
import { CqlStore } from '../../../src/storage/cql/cql-store.ts';
import { leases } from '../../conformance/store-tables.ts';
import { testEngine } from './test-engine.ts';

test('an engine that is not there refuses the start with where it was looked for', async (t) => {
  const { settings } = testEngine('unreachable');
  const error = await t.throwsAsync(
    CqlStore.open({
      // Nothing listens on the discard port.
      settings: { ...settings, contactPoints: ['127.0.0.1:9'] },
      startWaitMs: 0,
      clock: systemClock,
      log: silentLogger,
      tables: [leases],
      schemaVersion: 1,
    }),
    { instanceOf: StartRefusal },
  );
  t.regex(error?.message ?? '', /127\.0\.0\.1:9 .*ECONNREFUSED/);
});
