/**
 * Carries out groups of writes, one transaction and one disk sync a group. A write that fails is undone alone; when the
 * engine gives up the whole transaction (full disk, I/O error), every write of the group failed and none is in the database.
 *
 * A savepoint makes the engine copy each page aside before its first change. So none is set until a write fails: then the
 * group is undone and carried out once more, with a savepoint for each.
 */
import type { DatabaseSync } from 'node:sqlite';
import { assertNever } from '../../assert-never.ts';
import { invariant } from '../../errors.ts';
import type { Cell } from '../table-layout.ts';
import { ExpirySweep } from './expiry-sweep.ts';
import { PING_TABLE } from './schema-upgrade.ts';
import { Statements } from './sqlite.ts';
import type { TableSql } from './table-sql.ts';
import type { Expected, PackedWrites, WriteRequest, WriteResult } from './write-protocol.ts';

const DONE: WriteResult = { ok: true, done: true, existing: null };
const NOT_DONE: WriteResult = { ok: true, done: false, existing: null };

export class GroupWriter {
  private readonly database: DatabaseSync;
  private readonly tables: readonly TableSql[];
  private readonly statements: Statements;
  private readonly sweep: ExpirySweep;

  constructor(database: DatabaseSync, tables: readonly TableSql[]) {
    this.database = database;
    this.tables = tables;
    this.statements = new Statements(database);
    this.sweep = new ExpirySweep(tables, this.statements);
  }

  /** Returns after the commit. */
  write(requests: readonly WriteRequest[]): WriteResult[] {
    try {
      return this.transaction(() => requests.map((request) => this.execute(request)));
    } catch (error) {
      return requests.length === 1 ? [failure(error)] : this.writeEach(requests);
    }
  }

  private writeEach(requests: readonly WriteRequest[]): WriteResult[] {
    try {
      return this.transaction(() => requests.map((request) => this.attempt(request)));
    } catch (error) {
      return requests.map(() => failure(error));
    }
  }

  private transaction(work: () => WriteResult[]): WriteResult[] {
    try {
      this.statements.run('BEGIN IMMEDIATE', []);
      const results = work();
      this.statements.run('COMMIT', []);
      return results;
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  private attempt(request: WriteRequest): WriteResult {
    this.statements.run('SAVEPOINT one', []);
    try {
      const result = this.execute(request);
      this.statements.run('RELEASE one', []);
      return result;
    } catch (error) {
      // Without a transaction the engine has undone the whole group, and so must we.
      if (!this.database.isTransaction) throw error;
      this.statements.run('ROLLBACK TO one', []);
      this.statements.run('RELEASE one', []);
      return failure(error);
    }
  }

  private execute(request: WriteRequest): WriteResult {
    switch (request.kind) {
      case 'plain':
        this.packed(request.writes, request.nowMs);
        return DONE;
      case 'insertIfAbsent': {
        const { table, cells, expiresAtMs, nowMs } = request;
        const existing = this.find(table, this.sql(table).layout.keyOfCells(cells), nowMs);
        if (existing !== null) return { ok: true, done: false, existing };
        this.put(this.sql(table), [...cells, expiresAtMs], nowMs);
        return DONE;
      }
      case 'compareAndPut': {
        const { table, cells, expected, expiresAtMs, nowMs } = request;
        const existing = this.find(table, this.sql(table).layout.keyOfCells(cells), nowMs);
        if (!holds(existing, expected)) return NOT_DONE;
        this.put(this.sql(table), [...cells, expiresAtMs], nowMs);
        return DONE;
      }
      case 'compareAndRemove': {
        const { table, key, expected, nowMs } = request;
        if (!holds(this.find(table, key, nowMs), expected)) return NOT_DONE;
        this.statements.run(this.sql(table).remove, key);
        return DONE;
      }
      case 'ping':
        this.statements.run(`INSERT OR REPLACE INTO ${PING_TABLE} (id, value) VALUES (1, ?)`, [request.value]);
        return DONE;
      case 'sweep':
        this.sweep.pass(request.rowsMax, request.nowMs);
        return DONE;
      default:
        return assertNever(request);
    }
  }

  private packed({ flat }: PackedWrites, nowMs: number): void {
    for (let at = 0; at < flat.length; ) {
      const tag = Number(flat[at++]);
      const sql = this.sql(tag < 0 ? -1 - tag : tag);
      const { columns, keyNames } = sql.layout;
      const length = tag < 0 ? keyNames.length : columns.length + 1;
      const values = flat.slice(at, at + length);
      if (tag < 0) this.statements.run(sql.remove, values);
      else this.put(sql, values, nowMs);
      at += length;
    }
  }

  /** `values`: the cells and the expiry. */
  private put(sql: TableSql, values: Cell[], nowMs: number): void {
    if (sql.layout.table.discipline === 'lww') values.push(nowMs);
    this.statements.run(sql.put, values);
  }

  private find(table: number, key: readonly Cell[], nowMs: number): Cell[] | null {
    return this.statements.first(this.sql(table).get, [...key, nowMs]);
  }

  private sql(table: number): TableSql {
    const sql = this.tables[table];
    invariant(sql !== undefined, 'a write names a table that was not opened');
    return sql;
  }
}

function holds(existing: Cell[] | null, expected: Expected): boolean {
  return existing !== null && expected.every(([position, cell]) => existing[position] === cell);
}

function failure(error: unknown): WriteResult {
  return { ok: false, reason: error instanceof Error ? error.message : String(error) };
}
