/** Opening SQLite, and its errors in the words of the catalogue. `node:sqlite` is used in this folder only. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Cell } from '../table-layout.ts';

export const DATABASE_FILE = 'shutterline.db';

/** Every commit is on the disk before it returns; readers go on while it is written. */
export function openForWriting(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec(`PRAGMA cache_size = -${limits.sqliteWriterCacheKib}`);
  database.exec(`PRAGMA wal_autocheckpoint = ${limits.sqliteLogPagesMax}`);
  return database;
}

export function openForReading(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
  database.exec(`PRAGMA cache_size = -${limits.sqliteReaderCacheKib}`);
  return database;
}

/** Prepared statements by their text. Bounded by the number of tables times the few forms a statement has. */
export class Statements {
  private readonly database: DatabaseSync;
  private readonly byText = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  run(sql: string, cells: readonly Cell[]): void {
    this.prepare(sql).run(...cells);
  }

  first(sql: string, cells: readonly Cell[]): Cell[] | null {
    return (this.prepare(sql).get(...cells) as unknown as Cell[] | undefined) ?? null;
  }

  all(sql: string, cells: readonly Cell[]): Cell[][] {
    return this.prepare(sql).all(...cells) as unknown as Cell[][];
  }

  private prepare(sql: string): StatementSync {
    let statement = this.byText.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      statement.setReturnArrays(true);
      this.byText.set(sql, statement);
    }
    return statement;
  }
}

/** A full disk, an I/O error, a lock: nothing that the caller did, and it may pass. */
export function engineProblem(cause: unknown): Problem {
  return new Problem('unavailable', { detail: 'The database cannot be used at the moment.', cause });
}
