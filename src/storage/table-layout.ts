/**
 * What every adapter derives from a table declaration: the order of cells, the key, and the check of each value before it
 * reaches an engine. A row becomes an array of cells (text, number or null), so nothing stored is shared with the caller.
 */
import { assertNever } from '../assert-never.ts';
import { invariant, Problem } from '../errors.ts';
import type { Column, KeyOf, PartitionOf, RowOf, Table } from './table.ts';

export type Cell = string | number | null;

export interface LaidColumn {
  readonly name: string;
  readonly column: Column;
}

type Values = Readonly<Record<string, unknown>>;

export class TableLayout<T extends Table = Table> {
  readonly table: T;
  readonly columns: readonly LaidColumn[];
  /** Partition key columns, then clustering key columns. */
  readonly keyNames: readonly string[];
  /** Where each key column stands among `columns`. */
  readonly keyPositions: readonly number[];
  /** Where `revision` stands among `columns`; -1 unless the discipline is `lww`. */
  readonly revisionPosition: number;
  /** Of pages that do not say otherwise: 1 upwards, -1 downwards. */
  readonly direction: 1 | -1;

  constructor(table: T) {
    this.table = table;
    this.columns = Object.entries(table.columns).map(([name, column]) => ({ name, column }));
    this.keyNames = [...table.partitionKey, ...table.clusteringKey];
    this.keyPositions = this.keyNames.map((name) => this.columns.findIndex((column) => column.name === name));
    this.revisionPosition = table.discipline === 'lww' ? this.columns.findIndex(({ name }) => name === 'revision') : -1;
    this.direction = table.order === 'ascending' ? 1 : -1;
    this.checkDeclaration();
  }

  encodeRow(row: RowOf<T>): Cell[] {
    const values = row as Values;
    const cells = this.columns.map(({ name, column }) => this.encode(name, column, values[name]));
    for (const name of Object.keys(values)) {
      invariant(Object.hasOwn(this.table.columns, name), `${this.table.name} has no column ${name}`);
    }
    return cells;
  }

  decodeRow(cells: readonly Cell[]): RowOf<T> {
    const row: Record<string, unknown> = {};
    this.columns.forEach(({ name, column }, position) => {
      row[name] = decode(column, cells[position] ?? null);
    });
    return row as RowOf<T>;
  }

  /** Cells of the partition key, then of the clustering key. A whole row does for a key. */
  encodeKey(key: KeyOf<T>): Cell[] {
    return this.pick(this.keyNames, key);
  }

  encodePartition(partition: PartitionOf<T>): Cell[] {
    return this.pick(this.table.partitionKey, partition);
  }

  /** What `compareAndPut` expects, as pairs of a position among `columns` and a cell. */
  encodeExpected(expected: Partial<RowOf<T>>): [position: number, cell: Cell][] {
    return Object.entries(expected as Values).map(([name, value]) => {
      const position = this.columns.findIndex((column) => column.name === name);
      const column = this.columns[position]?.column;
      invariant(column !== undefined, `${this.table.name} has no column ${name}`);
      invariant(column.kind !== 'json', `${this.table.name}.${name} is json and cannot be compared`);
      return [position, this.encode(name, column, value)];
    });
  }

  /** Values for the first n clustering columns, at least one. */
  encodeBound(bound: readonly (string | number)[]): Cell[] {
    const names = this.table.clusteringKey.slice(0, bound.length);
    invariant(
      bound.length > 0 && names.length === bound.length,
      `${this.table.name}: a bound names one to ${this.table.clusteringKey.length} clustering columns`,
    );
    return this.pick(names, Object.fromEntries(names.map((name, index) => [name, bound[index]])));
  }

  keyOfCells(cells: readonly Cell[]): Cell[] {
    return this.keyPositions.map((position) => cells[position] ?? null);
  }

  private pick(names: readonly string[], values: object): Cell[] {
    return names.map((name) => {
      const column = this.table.columns[name];
      invariant(column !== undefined, `${this.table.name} has no column ${name}`);
      return this.encode(name, column, (values as Values)[name]);
    });
  }

  private encode(name: string, column: Column, value: unknown): Cell {
    if (value === null && column.nullable) return null;
    const cell = encodeValue(column, value);
    invariant(cell !== undefined, `${this.table.name}.${name} does not take this value (${column.kind})`);
    return cell;
  }

  private checkDeclaration(): void {
    const { name, columns, discipline } = this.table;
    invariant(/^[a-z][a-z0-9_]*$/.test(name), `table name ${name}`);
    invariant(this.table.partitionKey.length > 0, `${name} has no partition key`);
    invariant(new Set(this.keyNames).size === this.keyNames.length, `${name} names a key column twice`);
    for (const key of this.keyNames) {
      const column = columns[key];
      invariant(column !== undefined && !column.nullable, `${name}.${key} cannot be a key column`);
      invariant(column.kind === 'text' || column.kind === 'integer', `${name}.${key} cannot be a key column`);
    }
    for (const column of Object.keys(columns)) {
      invariant(/^[a-z][a-zA-Z0-9]*$/.test(column), `${name}.${column} is not a column name`);
    }
    if (discipline === 'lww') {
      const revision = columns['revision'];
      invariant(revision?.kind === 'integer' && !revision.nullable, `${name} is lww and needs an integer revision`);
    }
  }
}

/** Layouts of one store, made at first use. Two tables of one name are a mistake. */
export class Layouts {
  private readonly byName = new Map<string, TableLayout>();

  of<T extends Table>(table: T): TableLayout<T> {
    let layout = this.byName.get(table.name);
    if (layout === undefined) {
      layout = new TableLayout<Table>(table);
      this.byName.set(table.name, layout);
    }
    invariant(layout.table === table, `two tables are called ${table.name}`);
    return layout as unknown as TableLayout<T>;
  }
}

/** Undefined when the column does not take the value. */
function encodeValue(column: Column, value: unknown): Cell | undefined {
  switch (column.kind) {
    case 'text':
      return typeof value === 'string' ? storable(value) : undefined;
    case 'integer':
      // Adding 0 turns -0 into 0, which is what engines give back.
      return Number.isSafeInteger(value) ? (value as number) + 0 : undefined;
    case 'real':
      return Number.isFinite(value) ? (value as number) + 0 : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? Number(value) : undefined;
    case 'json':
      return value === undefined ? undefined : (JSON.stringify(value) as string | undefined);
    default:
      return assertNever(column.kind);
  }
}

function decode(column: Column, cell: Cell): unknown {
  if (cell === null) return null;
  switch (column.kind) {
    case 'text':
    case 'integer':
    case 'real':
      return cell;
    case 'boolean':
      return cell === 1;
    case 'json':
      return JSON.parse(String(cell)) as unknown;
    default:
      return assertNever(column.kind);
  }
}

/**
 * Half of a surrogate pair has no UTF-8 form, and SQLite's readers end a text at its first NUL: engines would silently
 * give back another text. Both can come from outside, so this is a refusal and not a programming error.
 */
function storable(text: string): string {
  if (!text.isWellFormed() || text.includes('\0')) {
    throw new Problem('invalid-request', { detail: 'A text holds a NUL or half of a character.' });
  }
  return text;
}

/** Order of two cells of one key column: numbers by value, texts by their UTF-8 bytes (= by code points), as engines do. */
export function compareCells(left: Cell, right: Cell): number {
  if (typeof left === 'string' && typeof right === 'string') return compareTexts(left, right);
  return left === right ? 0 : Number(left) < Number(right) ? -1 : 1;
}

/** Lexicographic over the shorter of the two, so that a prefix equals everything that starts with it. */
export function comparePrefix(left: readonly Cell[], right: readonly Cell[]): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const order = compareCells(left[index] ?? null, right[index] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

function compareTexts(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    // Surrogates stand for code points above every other unit, though their own numbers do not.
    if (a !== b) return isSurrogate(a) === isSurrogate(b) ? a - b : isSurrogate(a) ? 1 : -1;
  }
  return left.length - right.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
