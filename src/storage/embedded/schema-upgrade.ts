/**
 * Brings a database to the declared tables: new tables and new columns are added, in one transaction. Anything else (a
 * removed column, another type, another key) is refused, as is a database that a newer release has written.
 */
import type { DatabaseSync } from 'node:sqlite';
import { StartRefusal } from '../../errors.ts';
import { sqlType, type TableSql } from './table-sql.ts';

/** "SLDB": marks the file as ours. */
const APPLICATION_ID = 0x534c4442;
export const PING_TABLE = 'shutterline_ping';

interface FoundColumn {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  /** Place in the primary key, from 1; 0: not part of it. */
  readonly pk: number;
}

export function upgradeSchema(database: DatabaseSync, tables: readonly TableSql[], version: number): void {
  refuseForeign(database, version);
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(`CREATE TABLE IF NOT EXISTS ${PING_TABLE} (id INTEGER PRIMARY KEY, value INTEGER) STRICT`);
    for (const table of tables) upgradeTable(database, table);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec(`PRAGMA user_version = ${version}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function refuseForeign(database: DatabaseSync, version: number): void {
  const application = pragma(database, 'application_id');
  const tables = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count'];
  if (application !== APPLICATION_ID && tables !== 0) {
    throw new StartRefusal(`${database.location() ?? 'The file'} is not a Shutterline database.`);
  }
  const found = pragma(database, 'user_version');
  if (found > version) {
    throw new StartRefusal(
      `The data folder was written by a newer release (schema ${found}; this release knows ${version}). ` +
        'Start that release, or restore a backup made before the upgrade.',
    );
  }
}

function upgradeTable(database: DatabaseSync, table: TableSql): void {
  const { name } = table.layout.table;
  const found = database.prepare(`PRAGMA table_info("${name}")`).all() as unknown as FoundColumn[];
  if (found.length === 0) {
    database.exec(table.create());
    return;
  }
  const key = found.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
  if (key.map((column) => column.name).join() !== table.layout.keyNames.join()) refuseChange(name, 'its key');
  for (const column of found) {
    if (column.name === 'expires_at') continue;
    const declared = table.layout.table.columns[column.name];
    if (declared === undefined) return refuseChange(name, `column ${column.name}, which is no longer declared`);
    if (sqlType(declared.kind) !== column.type || declared.nullable !== (column.notnull === 0)) {
      refuseChange(name, `the type of column ${column.name}`);
    }
  }
  const there = new Set(found.map((column) => column.name));
  for (const column of table.layout.columns) {
    if (!there.has(column.name)) database.exec(table.addColumn(column));
  }
}

function refuseChange(table: string, what: string): never {
  throw new StartRefusal(`Table ${table} cannot be upgraded automatically: this release changes ${what}.`);
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
