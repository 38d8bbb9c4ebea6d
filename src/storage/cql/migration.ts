/**
 * Makes the keyspace and brings it to the declared tables: new tables and new columns are added, one at a time, under a
 * lease; what was done is written down beside the version. Anything else (a column that is gone, another type, another
 * key) is refused, as is a keyspace that a newer release has upgraded.
 *
 *   nothing to do ──► no lease, no write            three nodes at once ──► one holds the lease, the others wait and look again
 *   died half-way ──► the lease ends, the next node adds what is still missing
 */
import { StartRefusal } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { type Clock, sleep } from '../../clock.ts';
import type { Table } from '../table.ts';
import { Layouts } from '../table-layout.ts';
import { CqlSession, type SessionOptions } from './cql-session.ts';
import { withInternalTables } from './internal-tables.ts';
import { MigrationLease } from './migration-lease.ts';
import { createKeyspace, HISTORY, LEASE, MIGRATION, WITHOUT_TABLETS } from './migration-statements.ts';
import { isNotThereYet } from './problems.ts';
import { TableCql } from './table-cql.ts';

export interface MigrationOptions extends SessionOptions {
  readonly tables: readonly Table[];
  readonly schemaVersion: number;
}

export interface MigrationReport {
  /** Null: there was none. */
  readonly from: number | null;
  readonly to: number;
  /** What this call changed, in order; empty if it was all there. */
  readonly statements: readonly string[];
}

export async function migrate(options: MigrationOptions): Promise<MigrationReport> {
  await makeKeyspace(options);
  // Another node's keyspace is listed a moment before it can be used.
  const session = await untilThere(options.clock, () => CqlSession.open(options, options.settings.keyspace));
  try {
    return await untilThere(options.clock, () => new Migration(session, options).run());
  } finally {
    await session.close();
  }
}

/** Everything in a migration may be done again: what is there is not made twice. */
async function untilThere<Value>(clock: Clock, run: () => Promise<Value>): Promise<Value> {
  const giveUpAtMs = clock.monotonic() + limits.cqlSchemaChangeMs;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!isNotThereYet(error) || clock.monotonic() >= giveUpAtMs) throw error;
      await sleep(clock, limits.migrationRetryMs);
    }
  }
}

class Migration {
  private readonly session: CqlSession;
  private readonly options: MigrationOptions;
  private readonly tables: readonly TableCql[];

  constructor(session: CqlSession, options: MigrationOptions) {
    const layouts = new Layouts();
    this.session = session;
    this.options = options;
    this.tables = withInternalTables(options.tables).map((table) => new TableCql(layouts.of(table)));
  }

  async run(): Promise<MigrationReport> {
    const { schemaVersion } = this.options;
    const from = await this.recordedVersion();
    if (from === schemaVersion && (await this.missing()).length === 0) {
      return { from, to: schemaVersion, statements: [] };
    }
    await this.makeOwnTables();
    const lease = await MigrationLease.acquire(this.session, this.options);
    try {
      return await this.upgrade(lease);
    } finally {
      await lease.release();
    }
  }

  private async upgrade(lease: MigrationLease): Promise<MigrationReport> {
    const { schemaVersion, clock, log } = this.options;
    // Another node may have upgraded while this one waited.
    const from = await this.recordedVersion();
    const statements = await this.missing();
    for (const statement of statements) {
      await lease.renew();
      log.info('schema change', { statement });
      await this.session.define(statement);
    }
    if (from !== schemaVersion || statements.length > 0) {
      await this.session.execute({
        query: MIGRATION.recordVersion,
        parameters: [BigInt(schemaVersion), BigInt(Math.floor(clock.now())), statements.join(';\n')],
      });
    }
    return { from, to: schemaVersion, statements };
  }

  /** The newest version that was applied in full. */
  private async recordedVersion(): Promise<number | null> {
    if (!(await this.foundColumns()).has(HISTORY)) return null;
    const [row] = await this.session.execute({ query: MIGRATION.newestVersion, parameters: [] });
    if (row === undefined) return null;
    const found = Number(row['version']);
    if (found > this.options.schemaVersion) {
      throw new StartRefusal(
        `The keyspace ${this.options.settings.keyspace} was upgraded by a newer release (schema ${found}; this ` +
          `release knows ${this.options.schemaVersion}). Start that release, or restore a backup made before the upgrade.`,
      );
    }
    return found;
  }

  private async missing(): Promise<string[]> {
    const found = await this.foundColumns();
    return this.tables.flatMap((table) => missingOf(table, found.get(table.layout.table.name)));
  }

  /** Table → column → what it is. */
  private async foundColumns(): Promise<Map<string, Map<string, FoundColumn>>> {
    const rows = await this.session.execute({ query: MIGRATION.columns, parameters: [this.options.settings.keyspace] });
    const found = new Map<string, Map<string, FoundColumn>>();
    for (const row of rows) {
      const table = String(row['table_name']);
      const columns = found.get(table) ?? new Map<string, FoundColumn>();
      found.set(table, columns);
      columns.set(String(row['column_name']), {
        kind: String(row['kind']),
        position: Number(row['position']),
        type: String(row['type']),
      });
    }
    return found;
  }

  /** Before there is a lease: nodes that find them missing at once begin at different moments, and look again. */
  private async makeOwnTables(): Promise<void> {
    const { clock } = this.options;
    const areThere = async () => {
      const found = await this.foundColumns();
      return found.has(HISTORY) && found.has(LEASE);
    };
    if (await areThere()) return;
    await sleep(clock, clock.random() * limits.migrationSpreadMs);
    if (await areThere()) return;
    await this.session.define(MIGRATION.createLease);
    await this.session.define(MIGRATION.createHistory);
  }
}

interface FoundColumn {
  readonly kind: string;
  readonly position: number;
  readonly type: string;
}

function missingOf(table: TableCql, found: ReadonlyMap<string, FoundColumn> | undefined): string[] {
  if (found === undefined) return [table.create()];
  const { name, partitionKey, clusteringKey } = table.layout.table;
  const keyOf = (kind: string): string =>
    [...found]
      .filter(([, column]) => column.kind === kind)
      .sort(([, left], [, right]) => left.position - right.position)
      .map(([column]) => column)
      .join();
  if (keyOf('partition_key') !== partitionKey.join() || keyOf('clustering') !== clusteringKey.join()) {
    refuseChange(name, 'its key');
  }
  const declared = table.columnTypes();
  for (const [column, { type }] of found) {
    if (!declared.has(column)) refuseChange(name, `column ${column}, which is no longer declared`);
    if (declared.get(column) !== type) refuseChange(name, `the type of column ${column}`);
  }
  return [...declared].filter(([column]) => !found.has(column)).map(([column, type]) => table.addColumn(column, type));
}

function refuseChange(table: string, what: string): never {
  throw new StartRefusal(`Table ${table} cannot be upgraded automatically: this release changes ${what}.`);
}

/** An existing keyspace keeps its replication, which is the operator's to change. */
async function makeKeyspace(options: MigrationOptions): Promise<void> {
  const { keyspace, replication } = options.settings;
  const session = await CqlSession.open(options, null);
  try {
    const known = await session.execute({ query: MIGRATION.keyspace, parameters: [keyspace] });
    if (known.length > 0) return;
    const create = createKeyspace(keyspace, replication);
    const scylla = await session.execute({ query: MIGRATION.isScylla, parameters: [] });
    // Older releases of ScyllaDB know no tablets, and refuse the word.
    if (scylla.length === 0) await session.define(create);
    else await session.define(create + WITHOUT_TABLETS).catch(() => session.define(create));
  } finally {
    await session.close();
  }
}
