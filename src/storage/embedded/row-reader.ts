/** Reads, in the event loop, on a connection of their own: each sees everything committed before it began. */
import type { DatabaseSync } from 'node:sqlite';
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { CheckedRange } from '../store-rules.ts';
import type { Cell } from '../table-layout.ts';
import { PING_TABLE } from './schema-upgrade.ts';
import { engineProblem, Statements } from './sqlite.ts';
import type { TableSql } from './table-sql.ts';

export class RowReader {
  private readonly database: DatabaseSync;
  private readonly statements: Statements;
  private closed = false;

  constructor(database: DatabaseSync) {
    this.database = database;
    this.statements = new Statements(database);
  }

  get(table: TableSql, key: readonly Cell[], nowMs: number): Cell[] | null {
    return this.guarded(() => this.statements.first(table.get, [...key, nowMs]));
  }

  /** Of several in one transaction, which takes the file's locks once: that is most of what a small read costs. */
  getMany(table: TableSql, keys: readonly (readonly Cell[])[], nowMs: number): (Cell[] | null)[] {
    return this.guarded(() => {
      const [only] = keys;
      if (only === undefined) return [];
      if (keys.length === 1) return [this.statements.first(table.get, [...only, nowMs])];
      this.statements.run('BEGIN', []);
      try {
        return keys.map((key) => this.statements.first(table.get, [...key, nowMs]));
      } finally {
        if (this.database.isTransaction) this.statements.run('COMMIT', []);
      }
    });
  }

  page(table: TableSql, partition: readonly Cell[], range: CheckedRange, nowMs: number): Cell[][] {
    const bounds = [...(range.start?.bound ?? []), ...(range.until ?? [])];
    return this.guarded(() => this.statements.all(table.page(range), [...partition, ...bounds, nowMs, range.limit]));
  }

  count(table: TableSql, partition: readonly Cell[], nowMs: number): number {
    return this.guarded(() => Number(this.statements.first(table.count, [...partition, nowMs])?.[0] ?? 0));
  }

  /** The next rows in key order behind `behind` (null: the beginning). */
  scanChunk(table: TableSql, behind: readonly Cell[] | null, nowMs: number): Cell[][] {
    const parameters = [...(behind ?? []), nowMs, limits.scanChunkRows];
    return this.guarded(() => this.statements.all(table.scan(behind === null), parameters));
  }

  lastPing(): Cell {
    return this.guarded(() => this.statements.first(`SELECT value FROM ${PING_TABLE} WHERE id = 1`, []))?.[0] ?? null;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.database.close();
  }

  private guarded<Result>(read: () => Result): Result {
    if (this.closed) throw new Problem('unavailable', { detail: 'The store is closed.' });
    try {
      return read();
    } catch (error) {
      throw engineProblem(error);
    }
  }
}
