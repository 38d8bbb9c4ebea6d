/** The engine that the CQL_* variables name, with a keyspace for tests beside the product's. */
import { cqlSettings } from '../../../src/compose/stores.ts';
import { readConfig } from '../../../src/config.ts';
import type { CqlSettings } from '../../../src/storage/cql/cql-session.ts';

/** One that is not there fails at once instead of being waited for. */
export function testEngine(suffix: string): { settings: CqlSettings; startWaitMs: number } {
  const settings = cqlSettings(readConfig({ CQL_REPLICATION: '1', ...process.env }));
  return { settings: { ...settings, keyspace: `${settings.keyspace}_${suffix}` }, startWaitMs: 0 };
}
