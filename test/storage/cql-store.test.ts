import { systemClock } from '../../src/clock.ts';
import { silentLogger } from '../../src/log.ts';
import { CqlStore } from '../../src/storage/cql/cql-store.ts';
import { migrate } from '../../src/storage/cql/migration.ts';
import { whenNamed } from '../conformance/adapters.ts';
import { manualTime } from '../conformance/manual-time.ts';
import { storeConformance } from '../conformance/store-conformance.ts';
import { testEngine } from './cql/test-engine.ts';

whenNamed('cql', () => {
  storeConformance('cql', async (tables) => {
    const time = manualTime();
    const engine = testEngine('conformance');
    const options = { ...engine, log: silentLogger, tables, schemaVersion: 1 };
    // Making the keyspace takes real time; what follows runs by the manual clock.
    await migrate({ ...options, clock: systemClock });
    const store = await CqlStore.open({ ...options, clock: time.clock });
    return { ...time, store, close: () => store.close() };
  });
});
