/**
 * What a caller of `Store` must keep, checked the same way by every adapter. Breaking a rule is a programming error and
 * fails as an invariant before anything is written.
 */
import { invariant, Problem } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Mutation, PageRange, WriteOptions } from './store.ts';
import type { Discipline, Table } from './table.ts';
import type { Cell, Layouts, TableLayout } from './table-layout.ts';

/** A mutation in cells, ready for an engine. */
export type CheckedMutation =
  | {
      readonly kind: 'put';
      readonly layout: TableLayout;
      readonly cells: Cell[];
      readonly expiresAtMs: number | null;
    }
  | { readonly kind: 'remove'; readonly layout: TableLayout; readonly key: Cell[] };

export interface CheckedRange {
  /** Where to begin in the direction of reading, and whether that position itself belongs to the page. */
  readonly start: { readonly bound: Cell[]; readonly included: boolean } | null;
  readonly until: Cell[] | null;
  readonly limit: number;
  /** 1: clustering key upwards; -1: downwards. */
  readonly direction: 1 | -1;
}

export function requireDiscipline(table: Table, allowed: readonly Discipline[], act: string): void {
  invariant(allowed.includes(table.discipline), `${act} is not for the ${table.discipline} table ${table.name}`);
}

/** Wall time at which a row written now stops being readable; null: never. */
export function expiryOf(table: Table, options: WriteOptions, nowMs: number): number | null {
  if (options.expiresAtMs !== undefined) {
    invariant(Number.isSafeInteger(options.expiresAtMs), `${table.name}: expiresAtMs is not an integer`);
    return options.expiresAtMs;
  }
  return table.retentionMs === null ? null : Math.floor(nowMs) + table.retentionMs;
}

/** Plain writes of one batch. Each key at most once: the order of two writes to one key in a batch is not defined. */
export function checkBatch(mutations: readonly Mutation[], layouts: Layouts, nowMs: number): CheckedMutation[] {
  invariant(mutations.length <= limits.storeBatchMutations, `a batch of ${mutations.length} mutations is too large`);
  const keys = new Set<string>();
  let bytes = 0;
  const all = mutations.map((mutation) => {
    const checked = checkMutation(mutation, layouts, nowMs);
    const key = checked.kind === 'put' ? checked.layout.keyOfCells(checked.cells) : checked.key;
    const identity = JSON.stringify([mutation.table.name, key]);
    invariant(!keys.has(identity), `a batch writes one key of ${mutation.table.name} twice`);
    keys.add(identity);
    bytes += bytesOf(checked);
    return checked;
  });
  // It depends on what a client sent: many long texts at once.
  if (bytes > limits.storeBatchBytes) throw new Problem('payload-too-large');
  return all;
}

/** Writes that stand each on its own. */
export function checkAll(mutations: readonly Mutation[], layouts: Layouts, nowMs: number): CheckedMutation[] {
  invariant(mutations.length <= limits.storeWriteAllMutations, `${mutations.length} writes at once are too many`);
  return mutations.map((mutation) => checkMutation(mutation, layouts, nowMs));
}

/** Roughly what an engine has to write for it. */
export function bytesOf(mutation: CheckedMutation): number {
  const cells = mutation.kind === 'put' ? mutation.cells : mutation.key;
  return cells.reduce((sum: number, cell) => sum + (typeof cell === 'string' ? Buffer.byteLength(cell) : 8), 16);
}

export function checkMutation(mutation: Mutation, layouts: Layouts, nowMs: number): CheckedMutation {
  const { table } = mutation;
  const layout = layouts.of(table);
  if (mutation.kind === 'remove') {
    requireDiscipline(table, ['immutable'], 'remove');
    return { kind: 'remove', layout, key: layout.encodeKey(mutation.key) };
  }
  requireDiscipline(table, ['immutable', 'lww'], 'put');
  return {
    kind: 'put',
    layout,
    cells: layout.encodeRow(mutation.row),
    expiresAtMs: expiryOf(table, mutation, nowMs),
  };
}

export function checkRange(layout: TableLayout, range: PageRange): CheckedRange {
  const { name } = layout.table;
  invariant(Number.isInteger(range.limit) && range.limit >= 0, `${name}: a page limit is a whole number`);
  invariant(range.limit <= limits.storePageRows, `${name}: a page of ${range.limit} rows is too large`);
  invariant(range.from === undefined || range.after === undefined, `${name}: a page has either from or after`);
  const bound = range.from ?? range.after;
  return {
    start: bound === undefined ? null : { bound: layout.encodeBound(bound), included: range.from !== undefined },
    until: range.until === undefined ? null : layout.encodeBound(range.until),
    limit: range.limit,
    direction: range.reversed === true ? (layout.direction === 1 ? -1 : 1) : layout.direction,
  };
}

export function checkKeyCount(table: Table, count: number): void {
  invariant(count <= limits.storeGetManyKeys, `${table.name}: getMany of ${count} keys is too large`);
}
