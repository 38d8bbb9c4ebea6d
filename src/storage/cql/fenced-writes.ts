/**
 * Lightweight transactions on `fenced` tables. One that timed out is *unknown*, and is settled by a serial read, which
 * finishes or rules out what was under way:
 *
 *   the row carries this call's write id           → it happened
 *   the row is there, and what was expected holds  → it did not happen, and never will: tried again
 *   the row is there in another form               → not in force (any more): "no", with the row
 *   no row, after a removal                        → nobody can tell whose removal it was: `timeout`
 */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Cell, TableLayout } from '../table-layout.ts';
import type { CqlSession, Statement } from './cql-session.ts';
import { type DriverRow, fromDriver, type Parameter, toParameter } from './cql-values.ts';
import { NEVER, type TableCql } from './table-cql.ts';
import { secondsToLive } from './time-to-live.ts';

export type Expected = readonly (readonly [position: number, cell: Cell])[];

interface FencedRow {
  readonly cells: readonly Cell[];
  readonly expiresAtMs: number | null;
}

/** What one try came to: `row` is what stands there if it was refused, as far as the engine told. */
type Outcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'refused'; readonly row: DriverRow }
  | { readonly kind: 'unknown' };

export class FencedWrites {
  private readonly session: Pick<CqlSession, 'execute'>;
  private readonly clock: Clock;

  constructor(session: Pick<CqlSession, 'execute'>, clock: Clock) {
    this.session = session;
    this.clock = clock;
  }

  /** Null if it was inserted, else the row that is there. */
  async insertIfAbsent(table: TableCql, { cells, expiresAtMs }: FencedRow): Promise<DriverRow | null> {
    const { layout } = table;
    const nowMs = this.clock.now();
    const writeId = this.newWriteId();
    const toLive = secondsToLive(expiresAtMs, nowMs);
    const insert: Statement = {
      query: table.insertIfAbsent(),
      parameters: [...allParameters(layout, cells), ...hidden(expiresAtMs, writeId), toLive],
    };
    const giveUp = this.deadline();
    for (let statement = insert; ; ) {
      const outcome = await this.attempt(statement);
      if (outcome.kind === 'applied') return null;
      // Only a refused insert is answered with the whole row.
      const told = outcome.kind === 'refused' && statement === insert;
      const row = told ? outcome.row : await this.settle(table, layout.keyOfCells(cells));
      if (row?.['write_id'] === writeId) return null;
      if (row !== null && isVisible(row, this.clock.now())) return row;
      statement = row === null ? insert : this.replaceExpired(table, { cells, expiresAtMs }, writeId, row);
      giveUp();
    }
  }

  /** True if it replaced the row. */
  async compareAndPut(table: TableCql, { cells, expiresAtMs }: FencedRow, expected: Expected): Promise<boolean> {
    const nowMs = this.clock.now();
    const writeId = this.newWriteId();
    const statement: Statement = {
      query: table.replace(namesOf(table.layout, expected)),
      parameters: [
        secondsToLive(expiresAtMs, nowMs),
        ...replacing(table, cells),
        ...hidden(expiresAtMs, writeId),
        ...keyParameters(table.layout, table.layout.keyOfCells(cells)),
        BigInt(Math.floor(nowMs)),
        ...expectedParameters(table.layout, expected),
      ],
    };
    const giveUp = this.deadline();
    for (;;) {
      const outcome = await this.attempt(statement);
      if (outcome.kind !== 'unknown') return outcome.kind === 'applied';
      const row = await this.settle(table, table.layout.keyOfCells(cells));
      if (row?.['write_id'] === writeId) return true;
      if (!this.holds(table.layout, row, expected)) return false;
      giveUp();
    }
  }

  /** True if it removed the row. */
  async compareAndRemove(table: TableCql, key: readonly Cell[], expected: Expected): Promise<boolean> {
    const statement: Statement = {
      query: table.removeIf(namesOf(table.layout, expected)),
      parameters: [
        ...keyParameters(table.layout, key),
        BigInt(Math.floor(this.clock.now())),
        ...expectedParameters(table.layout, expected),
      ],
    };
    const giveUp = this.deadline();
    for (;;) {
      const outcome = await this.attempt(statement);
      if (outcome.kind !== 'unknown') return outcome.kind === 'applied';
      const row = await this.settle(table, key);
      if (row === null) throw new Problem('timeout');
      if (!this.holds(table.layout, row, expected)) return false;
      giveUp();
    }
  }

  private async attempt(statement: Statement): Promise<Outcome> {
    try {
      const [answer] = await this.session.execute(statement, 'lightweight');
      return answer?.['[applied]'] === true ? { kind: 'applied' } : { kind: 'refused', row: answer ?? {} };
    } catch (error) {
      if (error instanceof Problem && error.code === 'timeout') return { kind: 'unknown' };
      throw error;
    }
  }

  private async settle(table: TableCql, key: readonly Cell[]): Promise<DriverRow | null> {
    const parameters = keyParameters(table.layout, key);
    const [row] = await this.session.execute({ query: table.get, parameters }, 'serial');
    return row ?? null;
  }

  private replaceExpired(table: TableCql, row: FencedRow, writeId: string, there: DriverRow): Statement {
    const foundExpiry = there['expires_at'];
    return {
      query: table.replaceExpired(),
      parameters: [
        secondsToLive(row.expiresAtMs, this.clock.now()),
        ...replacing(table, row.cells),
        ...hidden(row.expiresAtMs, writeId),
        ...keyParameters(table.layout, table.layout.keyOfCells(row.cells)),
        typeof foundExpiry === 'bigint' ? foundExpiry : null,
      ],
    };
  }

  private holds(layout: TableLayout, row: DriverRow | null, expected: Expected): boolean {
    if (row === null || !isVisible(row, this.clock.now())) return false;
    return expected.every(([position, cell]) => {
      const column = layout.columns[position];
      return column !== undefined && fromDriver(column, row) === cell;
    });
  }

  /** Called before each further try: rejects once this took longer than a request may. */
  private deadline(): () => void {
    const endsAtMs = this.clock.monotonic() + limits.cqlRequestMs;
    return () => {
      if (this.clock.monotonic() >= endsAtMs) throw new Problem('timeout');
    };
  }

  private newWriteId(): string {
    return this.clock.randomBytes(12).toString('base64url');
  }
}

/** The row marker may outlive the values when a row got a shorter life: without an expiry, there is no row. */
export function isVisible(row: DriverRow, nowMs: number): boolean {
  return Number(row['expires_at'] ?? 0) > nowMs;
}

export function allParameters(layout: TableLayout, cells: readonly Cell[]): Parameter[] {
  return layout.columns.map(({ column }, position) => toParameter(column, cells[position] ?? null));
}

export function keyParameters(layout: TableLayout, key: readonly Cell[]): Parameter[] {
  return layout.keyPositions.slice(0, key.length).map((position, index) => {
    const column = layout.columns[position]?.column;
    return column === undefined ? null : toParameter(column, key[index] ?? null);
  });
}

function replacing({ layout, valueColumns }: TableCql, cells: readonly Cell[]): Parameter[] {
  return valueColumns.map((column) => toParameter(column.column, cells[layout.columns.indexOf(column)] ?? null));
}

function hidden(expiresAtMs: number | null, writeId: string): Parameter[] {
  return [BigInt(expiresAtMs ?? NEVER), writeId];
}

function namesOf(layout: TableLayout, expected: Expected): string[] {
  return expected.map(([position]) => layout.columns[position]?.name ?? '');
}

function expectedParameters(layout: TableLayout, expected: Expected): Parameter[] {
  return expected.map(([position, cell]) => {
    const column = layout.columns[position]?.column;
    return column === undefined ? null : toParameter(column, cell);
  });
}
