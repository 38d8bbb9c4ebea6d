/** What a migration asks of the engine beside the tables' own definitions. */
import { limits } from '../../limits.ts';

/** Applied versions, newest first, with the statements that led there. */
export const HISTORY = 'shutterline_schema';
/** Who may change the schema now. */
export const LEASE = 'shutterline_migration';

const TTL = `USING TTL ${limits.migrationLeaseSeconds}`;

export const MIGRATION = {
  createHistory:
    `CREATE TABLE IF NOT EXISTS ${HISTORY} (name text, version bigint, applied_at bigint, statements text, ` +
    'PRIMARY KEY (name, version)) WITH CLUSTERING ORDER BY (version DESC)',
  createLease: `CREATE TABLE IF NOT EXISTS ${LEASE} (name text PRIMARY KEY, holder text)`,
  newestVersion: `SELECT version FROM ${HISTORY} WHERE name = 'schema' LIMIT 1`,
  /** Parameters: version, wall time, statements. */
  recordVersion: `INSERT INTO ${HISTORY} (name, version, applied_at, statements) VALUES ('schema', ?, ?, ?)`,
  /** Parameters: keyspace. */
  columns: 'SELECT table_name, column_name, kind, position, type FROM system_schema.columns WHERE keyspace_name = ?',
  /** Parameters: keyspace. */
  keyspace: 'SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?',
  isScylla:
    "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'system_schema' AND table_name = 'scylla_tables'",
  /** Parameters: holder. */
  takeLease: `INSERT INTO ${LEASE} (name, holder) VALUES ('schema', ?) IF NOT EXISTS ${TTL}`,
  /** Parameters: holder, holder. */
  renewLease: `UPDATE ${LEASE} ${TTL} SET holder = ? WHERE name = 'schema' IF holder = ?`,
  /** Parameters: holder. */
  releaseLease: `DELETE FROM ${LEASE} WHERE name = 'schema' IF holder = ?`,
} as const;

export function createKeyspace(name: string, replication: Readonly<Record<string, number>>): string {
  const centres = Object.entries(replication).map(([centre, copies]) => `'${centre}': ${copies}`);
  return `CREATE KEYSPACE IF NOT EXISTS "${name}" WITH replication = {'class': 'NetworkTopologyStrategy', ${centres.join(', ')}}`;
}

/** ScyllaDB keeps new keyspaces in tablets, which take no lightweight transactions. */
export const WITHOUT_TABLETS = " AND tablets = {'enabled': false}";
