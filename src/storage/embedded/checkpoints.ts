/**
 * Moves pages from the write-ahead log into the database file. A page that is written again and again is moved once for all
 * of them, so the log is let grow; and moving takes as long as several writes, so it waits for a moment without any.
 *
 *   log   0 ········ sqliteLogPages ········ sqliteLogPagesMax
 *           nothing        at rest            in the next commit, whoever waits (`wal_autocheckpoint`)
 *
 * Nothing durable depends on it: a commit is in the log, and whoever opens the database after a crash reads it from there.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Clock, Timer } from '../../clock.ts';
import { limits } from '../../limits.ts';
import { Statements } from './sqlite.ts';

export class Checkpoints {
  private readonly statements: Statements;
  private readonly clock: Pick<Clock, 'after'>;
  private rest: Timer | null = null;

  constructor(database: DatabaseSync, clock: Pick<Clock, 'after'>) {
    this.statements = new Statements(database);
    this.clock = clock;
  }

  /** Call it after each commit was answered. */
  written(): void {
    this.stop();
    if (this.waitingPages() < limits.sqliteLogPages) return;
    this.rest = this.clock.after(limits.writerRestMs, () => this.move());
  }

  stop(): void {
    this.rest?.cancel();
    this.rest = null;
  }

  /** Pages in the log that are not in the database file yet. */
  waitingPages(): number {
    // Moves nothing: it only tells. (SQLite before 3.51 takes it for PASSIVE and moves what there is: slower, and as safe.)
    const [, logged, moved] = this.statements.first('PRAGMA wal_checkpoint(NOOP)', []) ?? [];
    return Number(logged) - Number(moved);
  }

  private move(): void {
    this.rest = null;
    try {
      // Waits neither for readers nor makes them wait; what a reader still needs is left for the next time.
      this.statements.first('PRAGMA wal_checkpoint(PASSIVE)', []);
    } catch {
      // A disk that takes no more: writes fail by themselves and say so; this is tried again after the next one.
    }
  }
}
