/**
 * The SQL of one table: a `STRICT, WITHOUT ROWID` table whose primary key is partition key + clustering key, so that a
 * partition lies together in order. Rows carry a hidden `expires_at` (wall milliseconds, null: kept).
 */
import { assertNever } from '../../assert-never.ts';
import type { CheckedRange } from '../store-rules.ts';
import type { Column } from '../table.ts';
import type { LaidColumn, TableLayout } from '../table-layout.ts';

/** Ends every row condition; its parameter is the wall time. */
const VISIBLE = '(expires_at IS NULL OR expires_at > ?)';

export class TableSql {
  readonly layout: TableLayout;
  /** Parameters: the row's cells, expiry; for `lww` tables also the wall time. */
  readonly put: string;
  /** Parameters: the key. */
  readonly remove: string;
  /** Parameters: the key, wall time. */
  readonly get: string;
  /** Parameters: partition, wall time. */
  readonly count: string;
  private readonly name: string;
  private readonly columns: string;
  private readonly keys: readonly string[];

  constructor(layout: TableLayout) {
    this.layout = layout;
    this.name = quoted(layout.table.name);
    this.columns = layout.columns.map(({ name }) => quoted(name)).join(', ');
    this.keys = layout.keyNames.map(quoted);
    const byKey = this.keys.map((key) => `${key} = ?`).join(' AND ');
    this.remove = `DELETE FROM ${this.name} WHERE ${byKey}`;
    this.get = `SELECT ${this.columns} FROM ${this.name} WHERE ${byKey} AND ${VISIBLE}`;
    const byPartition = layout.table.partitionKey.map((key) => `${quoted(key)} = ?`).join(' AND ');
    this.count = `SELECT COUNT(*) FROM ${this.name} WHERE ${byPartition} AND ${VISIBLE}`;
    this.put = this.putSql();
  }

  create(): string {
    const columns = this.layout.columns.map((column) => columnSql(column));
    const key = `PRIMARY KEY (${this.keys.join(', ')})`;
    return `CREATE TABLE ${this.name} (${[...columns, 'expires_at INTEGER', key].join(', ')}) STRICT, WITHOUT ROWID`;
  }

  /** Rows that were there before get the column's empty value. */
  addColumn(column: LaidColumn): string {
    const filled = column.column.nullable ? '' : ` DEFAULT ${EMPTY[column.column.kind]}`;
    return `ALTER TABLE ${this.name} ADD COLUMN ${columnSql(column)}${filled}`;
  }

  /** Parameters: partition, the start's bound, the end's bound, wall time, limit. */
  page({ start, until, direction }: Pick<CheckedRange, 'start' | 'until' | 'direction'>): string {
    const { partitionKey, clusteringKey } = this.layout.table;
    const conditions = partitionKey.map((name) => `${quoted(name)} = ?`);
    const [beyond, before] = direction === 1 ? ['>', '<'] : ['<', '>'];
    if (start !== null) {
      conditions.push(this.comparison(start.bound.length, start.included ? `${beyond}=` : beyond));
    }
    if (until !== null) conditions.push(this.comparison(until.length, before));
    const order = clusteringKey.map((name) => `${quoted(name)} ${direction === 1 ? 'ASC' : 'DESC'}`);
    const sorted = order.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`;
    return `SELECT ${this.columns} FROM ${this.name} WHERE ${[...conditions, VISIBLE].join(' AND ')}${sorted} LIMIT ?`;
  }

  /** Whole rows in key order, each with its expiry behind its columns. Parameters: the key to start behind (unless from the beginning), wall time, limit. */
  scan(fromBeginning: boolean): string {
    const behind = fromBeginning ? '' : `${this.behindKey()} AND `;
    return `SELECT ${this.columns}, expires_at FROM ${this.name} WHERE ${behind}${VISIBLE} ORDER BY ${this.keys.join(', ')} LIMIT ?`;
  }

  /** Keys and expiry of all rows, expired or not. Parameters: the key to start behind (unless …), limit. */
  scanExpiry(fromBeginning: boolean): string {
    const behind = fromBeginning ? '' : ` WHERE ${this.behindKey()}`;
    const keys = this.keys.join(', ');
    return `SELECT ${keys}, expires_at FROM ${this.name}${behind} ORDER BY ${keys} LIMIT ?`;
  }

  private behindKey(): string {
    return `${tuple(this.keys)} > ${tuple(this.keys.map(() => '?'))}`;
  }

  private comparison(count: number, operator: string): string {
    const names = this.layout.table.clusteringKey.slice(0, count).map(quoted);
    return `${tuple(names)} ${operator} ${tuple(names.map(() => '?'))}`;
  }

  private putSql(): string {
    const cells = [...this.layout.columns, 'expires_at'].map(() => '?').join(', ');
    const insert = `INTO ${this.name} (${this.columns}, expires_at) VALUES (${cells})`;
    if (this.layout.table.discipline !== 'lww') return `INSERT OR REPLACE ${insert}`;
    const set = this.layout.columns
      .map(({ name }) => quoted(name))
      .filter((name) => !this.keys.includes(name))
      .concat('expires_at')
      .map((name) => `${name} = excluded.${name}`);
    const newer = `excluded."revision" > ${this.name}."revision" OR ${this.name}.expires_at <= ?`;
    return `INSERT ${insert} ON CONFLICT (${this.keys.join(', ')}) DO UPDATE SET ${set.join(', ')} WHERE ${newer}`;
  }
}

const EMPTY = { text: "''", integer: '0', real: '0.0', boolean: '0', json: "'null'" } as const;

export function sqlType(kind: Column['kind']): 'TEXT' | 'INTEGER' | 'REAL' {
  switch (kind) {
    case 'text':
    case 'json':
      return 'TEXT';
    case 'integer':
    case 'boolean':
      return 'INTEGER';
    case 'real':
      return 'REAL';
    default:
      return assertNever(kind);
  }
}

function columnSql({ name, column }: LaidColumn): string {
  return `${quoted(name)} ${sqlType(column.kind)}${column.nullable ? '' : ' NOT NULL'}`;
}

function quoted(name: string): string {
  return `"${name}"`;
}

function tuple(parts: readonly string[]): string {
  return parts.length === 1 ? parts.join('') : `(${parts.join(', ')})`;
}
