/**
 * The statements of one table, in CQL that Cassandra and ScyllaDB both take: no filtering, no secondary index, every read
 * within one partition (a scan excepted).
 *
 * Hidden columns:
 * - `expires_at`: wall milliseconds, never null (`NEVER` stands for "kept"). Exact; the engine's own TTL only clears away,
 *   an hour later, so that no difference between clocks hides a row that is still promised.
 * - `write_id` (fenced tables): which call wrote the row, by which a timed-out one recognises its own.
 */
import type { CheckedRange } from '../store-rules.ts';
import type { LaidColumn, TableLayout } from '../table-layout.ts';
import { cqlType } from './cql-values.ts';

/** In `expires_at`: kept for ever. A number, since conditions cannot say "null or later". */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** Whether anybody is there: each node of the engine answers it by itself. */
export const HEARTBEAT = 'SELECT key FROM system.local';

export class TableCql {
  readonly layout: TableLayout;
  /** Columns that are not part of the key, in the order in which `replace` sets them. */
  readonly valueColumns: readonly LaidColumn[];
  /** Parameters: every column, expiry, timestamp, seconds to live. */
  readonly put: string;
  /** Parameters: timestamp, the key. */
  readonly remove: string;
  /** Parameters: the key. */
  readonly get: string;
  /** What tells whether a row counts, of a whole partition. Parameters: partition. */
  readonly count: string;
  /** The whole table, for maintenance. No parameters. */
  readonly scan: string;
  private readonly name: string;
  private readonly selected: string;
  private readonly byKey: string;

  constructor(layout: TableLayout) {
    this.layout = layout;
    this.name = quoted(layout.table.name);
    this.valueColumns = layout.columns.filter(({ name }) => !layout.keyNames.includes(name));
    const names = layout.columns.map(({ name }) => quoted(name));
    const writeTime = layout.table.discipline === 'immutable' ? ['WRITETIME(expires_at) AS written_at'] : [];
    const writeId = layout.table.discipline === 'fenced' ? ['write_id'] : [];
    this.selected = [...names, 'expires_at', ...writeTime, ...writeId].join(', ');
    this.count = `SELECT ${['expires_at', ...writeTime].join(', ')} FROM ${this.name} WHERE ${this.byPartition()}`;
    this.byKey = layout.keyNames.map(equals).join(' AND ');
    this.put = `INSERT INTO ${this.name} (${[...names, 'expires_at'].join(', ')}) VALUES (${marks(names.length + 1)}) USING TIMESTAMP ? AND TTL ?`;
    this.remove = `DELETE FROM ${this.name} USING TIMESTAMP ? WHERE ${this.byKey}`;
    this.get = `SELECT ${this.selected} FROM ${this.name} WHERE ${this.byKey}`;
    this.scan = `SELECT ${this.selected} FROM ${this.name}`;
  }

  create(): string {
    const { table } = this.layout;
    const hidden = ['expires_at bigint', ...(table.discipline === 'fenced' ? ['write_id text'] : [])];
    const partition = `(${table.partitionKey.map(quoted).join(', ')})`;
    const key = `PRIMARY KEY (${[partition, ...table.clusteringKey.map(quoted)].join(', ')})`;
    const direction = table.order === 'ascending' ? 'ASC' : 'DESC';
    const order = table.clusteringKey.map((name) => `${quoted(name)} ${direction}`).join(', ');
    const sorted = order === '' ? '' : ` WITH CLUSTERING ORDER BY (${order})`;
    const columns = [...this.layout.columns.map(declared), ...hidden, key].join(', ');
    return `CREATE TABLE IF NOT EXISTS ${this.name} (${columns})${sorted}`;
  }

  /** Every column of the table with its CQL type. */
  columnTypes(): Map<string, string> {
    const hidden: [string, string][] = [['expires_at', 'bigint']];
    if (this.layout.table.discipline === 'fenced') hidden.push(['write_id', 'text']);
    return new Map([
      ...this.layout.columns.map(({ name, column }): [string, string] => [name, cqlType(column.kind)]),
      ...hidden,
    ]);
  }

  addColumn(name: string, type: string): string {
    return `ALTER TABLE ${this.name} ADD ${quoted(name)} ${type}`;
  }

  /** Several rows of one partition, by the table's only clustering column. Parameters: partition, list of values. */
  getTogether(): string | null {
    const [only, ...more] = this.layout.table.clusteringKey;
    if (only === undefined || more.length > 0) return null;
    return `SELECT ${this.selected} FROM ${this.name} WHERE ${this.byPartition()} AND ${quoted(only)} IN ?`;
  }

  /** Parameters: partition, the start's bound, the end's bound, limit. */
  page({ start, until, direction }: Pick<CheckedRange, 'start' | 'until' | 'direction'>): string {
    const conditions = [this.byPartition()];
    const [beyond, before] = direction === 1 ? ['>', '<'] : ['<', '>'];
    if (start !== null) {
      conditions.push(this.comparison(start.bound.length, start.included ? `${beyond}=` : beyond));
    }
    if (until !== null) conditions.push(this.comparison(until.length, before));
    const columns = this.layout.table.clusteringKey;
    const order = columns.map((name) => `${quoted(name)} ${direction === 1 ? 'ASC' : 'DESC'}`).join(', ');
    const sorted = order === '' ? '' : ` ORDER BY ${order}`;
    return `SELECT ${this.selected} FROM ${this.name} WHERE ${conditions.join(' AND ')}${sorted} LIMIT ?`;
  }

  /** Parameters: every column, expiry, write id, seconds to live. */
  insertIfAbsent(): string {
    const names = [...this.layout.columns.map(({ name }) => quoted(name)), 'expires_at', 'write_id'];
    return `INSERT INTO ${this.name} (${names.join(', ')}) VALUES (${marks(names.length)}) IF NOT EXISTS USING TTL ?`;
  }

  /** Takes the place of a row whose time is over. Parameters: as `replace`, then the expiry that was read (may be null). */
  replaceExpired(): string {
    return `${this.update()} IF expires_at = ?`;
  }

  /** Parameters: seconds to live, value columns, expiry, write id, the key; wall time, each expected cell. */
  replace(expected: readonly string[]): string {
    return `${this.update()} ${conditions(expected)}`;
  }

  /** Parameters: the key; wall time, each expected cell. */
  removeIf(expected: readonly string[]): string {
    return `DELETE FROM ${this.name} WHERE ${this.byKey} ${conditions(expected)}`;
  }

  private update(): string {
    const set = [...this.valueColumns.map(({ name }) => equals(name)), 'expires_at = ?', 'write_id = ?'].join(', ');
    return `UPDATE ${this.name} USING TTL ? SET ${set} WHERE ${this.byKey}`;
  }

  private byPartition(): string {
    return this.layout.table.partitionKey.map(equals).join(' AND ');
  }

  /** With several clustering columns both bounds are tuples: the two notations cannot be mixed in one statement. */
  private comparison(count: number, operator: string): string {
    const { clusteringKey } = this.layout.table;
    if (clusteringKey.length === 1) return `${quoted(clusteringKey[0] ?? '')} ${operator} ?`;
    const names = clusteringKey.slice(0, count).map(quoted);
    return `(${names.join(', ')}) ${operator} (${marks(count)})`;
  }
}

/** A row whose time is over is as good as gone, so it is never compared with. */
function conditions(expected: readonly string[]): string {
  return ['IF expires_at > ?', ...expected.map(equals)].join(' AND ');
}

function declared({ name, column }: LaidColumn): string {
  return `${quoted(name)} ${cqlType(column.kind)}`;
}

function equals(name: string): string {
  return `${quoted(name)} = ?`;
}

function marks(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}

function quoted(name: string): string {
  return `"${name}"`;
}
