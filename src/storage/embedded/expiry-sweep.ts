/**
 * Removes expired rows, a bounded number per pass, by walking all tables in key order again and again. No index on the
 * expiry: it would cost every write, and readers do not see expired rows anyway.
 */
import type { Cell } from '../table-layout.ts';
import type { Statements } from './sqlite.ts';
import type { TableSql } from './table-sql.ts';

export class ExpirySweep {
  private readonly tables: readonly TableSql[];
  private readonly statements: Statements;
  private tableIndex = 0;
  /** Last key looked at in the current table; null: at its beginning. */
  private behind: readonly Cell[] | null = null;

  constructor(tables: readonly TableSql[], statements: Statements) {
    this.tables = tables;
    this.statements = statements;
  }

  /** Looks at up to `rowsMax` rows and at no table twice. Returns how many rows were removed. */
  pass(rowsMax: number, nowMs: number): number {
    let left = rowsMax;
    let removed = 0;
    for (let visited = 0; visited <= this.tables.length && left > 0; visited++) {
      const table = this.tables[this.tableIndex % this.tables.length];
      if (table === undefined) return removed;
      const rows = this.statements.all(table.scanExpiry(this.behind === null), [...(this.behind ?? []), left]);
      for (const row of rows) {
        const expiresAtMs = row[row.length - 1] ?? null;
        if (expiresAtMs === null || Number(expiresAtMs) > nowMs) continue;
        this.statements.run(table.remove, row.slice(0, -1));
        removed++;
      }
      if (rows.length < left) {
        this.tableIndex = (this.tableIndex + 1) % this.tables.length;
        this.behind = null;
      } else {
        this.behind = rows.at(-1)?.slice(0, -1) ?? null;
      }
      left -= rows.length;
    }
    return removed;
  }
}
