/**
 * `Store` in memory: the executable specification that every other adapter is compared with. Nothing survives the process.
 *
 * A partition is an array sorted by clustering key; an expired row is treated exactly like one that is not there.
 */
import { type Clock, nextTurn } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { InsertOutcome, Mutation, PageRange, Store, StoredRow, WriteOptions } from '../store.ts';
import { putRow, removeRow } from '../store.ts';
import type { CheckedMutation } from '../store-rules.ts';
import {
  checkAll,
  checkBatch,
  checkKeyCount,
  checkMutation,
  checkRange,
  expiryOf,
  requireDiscipline,
} from '../store-rules.ts';
import type { KeyOf, PartitionOf, RowOf, Table } from '../table.ts';
import { type Cell, comparePrefix, Layouts, type TableLayout } from '../table-layout.ts';

interface MemoryRow {
  readonly clustering: readonly Cell[];
  readonly cells: readonly Cell[];
  readonly expiresAtMs: number | null;
}

type Partition = MemoryRow[];

export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** Applies a batch mutation by mutation, beginning anywhere, with a turn of the event loop between: readers see halves. */
  readonly exposeHalfBatches?: boolean;
}

export class MemoryStore implements Store {
  private readonly clock: Clock;
  private readonly exposeHalfBatches: boolean;
  private readonly layouts = new Layouts();
  private readonly partitions = new Map<string, Map<string, Partition>>();
  private closed = false;

  constructor({ clock, exposeHalfBatches = false }: MemoryStoreOptions) {
    this.clock = clock;
    this.exposeHalfBatches = exposeHalfBatches;
  }

  async put<T extends Table>(table: T, row: RowOf<T>, options: WriteOptions = {}): Promise<void> {
    this.requireOpen();
    this.apply(checkMutation(putRow(table, row, options), this.layouts, this.clock.now()));
  }

  async remove<T extends Table>(table: T, key: KeyOf<T>): Promise<void> {
    this.requireOpen();
    this.apply(checkMutation(removeRow(table, key), this.layouts, this.clock.now()));
  }

  async insertIfAbsent<T extends Table>(
    table: T,
    row: RowOf<T>,
    options: WriteOptions = {},
  ): Promise<InsertOutcome<RowOf<T>>> {
    this.requireOpen();
    requireDiscipline(table, ['fenced'], 'insertIfAbsent');
    const layout = this.layouts.of(table);
    const cells = layout.encodeRow(row);
    const expiresAtMs = expiryOf(table, options, this.clock.now());
    const existing = this.find(layout, layout.keyOfCells(cells));
    if (existing !== null) return { inserted: false, existing: layout.decodeRow(existing.cells) };
    this.set(layout, cells, expiresAtMs);
    return { inserted: true };
  }

  async compareAndPut<T extends Table>(
    table: T,
    row: RowOf<T>,
    expected: Partial<RowOf<T>>,
    options: WriteOptions = {},
  ): Promise<boolean> {
    this.requireOpen();
    requireDiscipline(table, ['fenced'], 'compareAndPut');
    const layout = this.layouts.of(table);
    const cells = layout.encodeRow(row);
    const expiresAtMs = expiryOf(table, options, this.clock.now());
    if (!this.holds(layout, layout.keyOfCells(cells), expected)) return false;
    this.set(layout, cells, expiresAtMs);
    return true;
  }

  async compareAndRemove<T extends Table>(table: T, key: KeyOf<T>, expected: Partial<RowOf<T>>): Promise<boolean> {
    this.requireOpen();
    requireDiscipline(table, ['fenced'], 'compareAndRemove');
    const layout = this.layouts.of(table);
    const cells = layout.encodeKey(key);
    if (!this.holds(layout, cells, expected)) return false;
    this.delete(layout, cells);
    return true;
  }

  async get<T extends Table>(table: T, key: KeyOf<T>): Promise<RowOf<T> | null> {
    this.requireOpen();
    const layout = this.layouts.of(table);
    const found = this.find(layout, layout.encodeKey(key));
    return found === null ? null : layout.decodeRow(found.cells);
  }

  async getMany<T extends Table>(table: T, keys: readonly KeyOf<T>[]): Promise<(RowOf<T> | null)[]> {
    this.requireOpen();
    checkKeyCount(table, keys.length);
    return await Promise.all(keys.map((key) => this.get(table, key)));
  }

  async page<T extends Table>(table: T, partition: PartitionOf<T>, range: PageRange): Promise<RowOf<T>[]> {
    this.requireOpen();
    const layout = this.layouts.of(table);
    const { start, until, limit, direction } = checkRange(layout, range);
    const stored = this.partitionOf(layout, layout.encodePartition(partition)) ?? [];
    const rows: RowOf<T>[] = [];
    for (const row of direction === 1 ? stored : stored.toReversed()) {
      if (rows.length >= limit) break;
      if (start !== null) {
        const order = comparePrefix(row.clustering, start.bound) * direction;
        if (order < 0 || (order === 0 && !start.included)) continue;
      }
      if (until !== null && comparePrefix(row.clustering, until) * direction >= 0) break;
      if (this.visible(row)) rows.push(layout.decodeRow(row.cells));
    }
    return rows;
  }

  async count<T extends Table>(table: T, partition: PartitionOf<T>): Promise<number> {
    this.requireOpen();
    const layout = this.layouts.of(table);
    const stored = this.partitionOf(layout, layout.encodePartition(partition)) ?? [];
    return stored.filter((row) => this.visible(row)).length;
  }

  async batch(mutations: readonly Mutation[]): Promise<void> {
    this.requireOpen();
    const checked = checkBatch(mutations, this.layouts, this.clock.now());
    if (!this.exposeHalfBatches) {
      for (const mutation of checked) this.apply(mutation);
      return;
    }
    const first = Math.floor(this.clock.random() * checked.length);
    for (const mutation of [...checked.slice(first), ...checked.slice(0, first)]) {
      this.apply(mutation);
      await nextTurn();
    }
  }

  async writeAll(mutations: readonly Mutation[]): Promise<void> {
    this.requireOpen();
    for (const mutation of checkAll(mutations, this.layouts, this.clock.now())) {
      this.apply(mutation);
      if (this.exposeHalfBatches) await nextTurn();
    }
  }

  async *scan<T extends Table>(table: T): AsyncIterable<RowOf<T>> {
    for await (const { row } of this.scanWithExpiry(table)) yield row;
  }

  async *scanWithExpiry<T extends Table>(table: T): AsyncIterable<StoredRow<RowOf<T>>> {
    this.requireOpen();
    const layout = this.layouts.of(table);
    const rows = [...(this.partitions.get(table.name)?.values() ?? [])].flat();
    for (const row of rows) {
      if (this.visible(row)) yield { row: layout.decodeRow(row.cells), expiresAtMs: row.expiresAtMs };
    }
  }

  async ping(): Promise<void> {
    this.requireOpen();
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private requireOpen(): void {
    if (this.closed) throw new Problem('unavailable', { detail: 'The store is closed.' });
  }

  private apply(mutation: CheckedMutation): void {
    if (mutation.kind === 'remove') {
      this.delete(mutation.layout, mutation.key);
      return;
    }
    const { layout, cells, expiresAtMs } = mutation;
    const existing = this.find(layout, layout.keyOfCells(cells));
    const at = layout.revisionPosition;
    if (existing !== null && at >= 0 && Number(cells[at]) <= Number(existing.cells[at])) return;
    this.set(layout, cells, expiresAtMs);
  }

  private holds<T extends Table>(layout: TableLayout<T>, key: readonly Cell[], expected: Partial<RowOf<T>>): boolean {
    const wanted = layout.encodeExpected(expected);
    const existing = this.find(layout, key);
    return existing !== null && wanted.every(([position, cell]) => existing.cells[position] === cell);
  }

  private visible(row: MemoryRow): boolean {
    return row.expiresAtMs === null || row.expiresAtMs > this.clock.now();
  }

  private find(layout: Pick<TableLayout, 'table'>, key: readonly Cell[]): MemoryRow | null {
    const split = layout.table.partitionKey.length;
    const partition = this.partitionOf(layout, key.slice(0, split));
    if (partition === undefined) return null;
    const clustering = key.slice(split);
    const row = partition[positionOf(partition, clustering)];
    const found = row !== undefined && comparePrefix(row.clustering, clustering) === 0;
    return found && this.visible(row) ? row : null;
  }

  private set(layout: Pick<TableLayout, 'table' | 'keyOfCells'>, cells: Cell[], expiresAtMs: number | null): void {
    const key = layout.keyOfCells(cells);
    const split = layout.table.partitionKey.length;
    const ofTable = getOrCreate(this.partitions, layout.table.name, () => new Map<string, Partition>());
    const partition = getOrCreate(ofTable, JSON.stringify(key.slice(0, split)), (): Partition => []);
    const clustering = key.slice(split);
    const position = positionOf(partition, clustering);
    const there = partition[position];
    const replaced = there !== undefined && comparePrefix(there.clustering, clustering) === 0 ? 1 : 0;
    partition.splice(position, replaced, { clustering, cells, expiresAtMs });
  }

  private delete(layout: Pick<TableLayout, 'table'>, key: readonly Cell[]): void {
    const split = layout.table.partitionKey.length;
    const partition = this.partitionOf(layout, key.slice(0, split));
    if (partition === undefined) return;
    const clustering = key.slice(split);
    const position = positionOf(partition, clustering);
    const there = partition[position];
    if (there !== undefined && comparePrefix(there.clustering, clustering) === 0) partition.splice(position, 1);
  }

  private partitionOf(layout: Pick<TableLayout, 'table'>, partition: readonly Cell[]): Partition | undefined {
    return this.partitions.get(layout.table.name)?.get(JSON.stringify(partition));
  }
}

/** Index of the first row that is not before `clustering`. */
function positionOf(partition: Partition, clustering: readonly Cell[]): number {
  let low = 0;
  let high = partition.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = partition[middle];
    if (row !== undefined && comparePrefix(row.clustering, clustering) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function getOrCreate<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const created = create();
  map.set(key, created);
  return created;
}
