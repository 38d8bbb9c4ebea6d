/**
 * Reads: what is past its expiry is left out here, since the engine clears it away only later. Each row that was read moves
 * this node's write times above it (write-times.ts).
 */
import type { Clock } from '../../clock.ts';
import { limits } from '../../limits.ts';
import type { CheckedRange } from '../store-rules.ts';
import type { RowOf, Table } from '../table.ts';
import type { Cell, TableLayout } from '../table-layout.ts';
import type { Answer, CqlSession, Statement } from './cql-session.ts';
import { type DriverRow, fromDriver, type Parameter, toParameter } from './cql-values.ts';
import { isVisible, keyParameters } from './fenced-writes.ts';
import type { TableCql } from './table-cql.ts';
import type { WriteTimes } from './write-times.ts';

export interface RowReaderOptions {
  readonly session: CqlSession;
  readonly clock: Clock;
  readonly writeTimes: WriteTimes;
}

export class RowReader {
  private readonly options: RowReaderOptions;

  constructor(options: RowReaderOptions) {
    this.options = options;
  }

  decode<T extends Table>(layout: TableLayout<T>, row: DriverRow): RowOf<T> {
    return layout.decodeRow(layout.columns.map((column) => fromDriver(column, row)));
  }

  /** A fenced row is read serially: it is what the next comparison will be made with, also after one that timed out. */
  async get(table: TableCql, key: readonly Cell[]): Promise<DriverRow | null> {
    const kind = table.layout.table.discipline === 'fenced' ? 'serial' : 'plain';
    const statement = { query: table.get, parameters: keyParameters(table.layout, key) };
    return this.visible(await this.options.session.execute(statement, kind))[0] ?? null;
  }

  /** In the order of `keys`. Keys of one partition are asked for together, all others beside each other. */
  async getMany(table: TableCql, keys: readonly (readonly Cell[])[]): Promise<(DriverRow | null)[]> {
    const found = new Map<string, DriverRow>();
    const wanted = new Map(keys.map((key) => [JSON.stringify(key), key]));
    const remember = (rows: readonly DriverRow[]): void => {
      for (const row of this.visible(rows)) found.set(this.identity(table.layout, row), row);
    };
    await Promise.all(this.gather(table, [...wanted.values()]).map(async (read) => remember(await read())));
    return keys.map((key) => found.get(JSON.stringify(key)) ?? null);
  }

  async page(table: TableCql, partition: readonly Cell[], range: CheckedRange): Promise<DriverRow[]> {
    const rows: DriverRow[] = [];
    let { start } = range;
    let asked = range.limit;
    while (rows.length < range.limit) {
      const read = await this.readPage(table, partition, { ...range, start }, asked);
      rows.push(...this.visible(read));
      const last = read.at(-1);
      // Short, though not because rows were left out: the range ends here. A table without clustering has one row.
      if (read.length < asked || last === undefined || table.layout.table.clusteringKey.length === 0) break;
      start = { bound: clusteringOf(table.layout, last), included: false };
      // There are rows past their expiry, maybe many: larger steps over them.
      asked = Math.max(range.limit - rows.length, limits.scanChunkRows);
    }
    return rows.slice(0, range.limit);
  }

  /** What is past its expiry is in the partition still, so the engine itself would count too many. */
  async count(table: TableCql, partition: readonly Cell[]): Promise<number> {
    const statement = { query: table.count, parameters: keyParameters(table.layout, partition) };
    let count = 0;
    for await (const rows of this.chunks(statement)) count += rows.length;
    return count;
  }

  async *scan(table: TableCql): AsyncIterable<DriverRow> {
    for await (const rows of this.chunks({ query: table.scan, parameters: [] })) yield* rows;
  }

  private async *chunks(statement: Statement): AsyncIterable<DriverRow[]> {
    let pageState: string | null = null;
    do {
      const chunk: Answer = await this.options.session.chunk(statement, pageState);
      yield this.visible(chunk.rows);
      pageState = chunk.next;
    } while (pageState !== null);
  }

  private readPage(table: TableCql, partition: readonly Cell[], range: CheckedRange, limit: number) {
    const { layout } = table;
    const bound = (cells: readonly Cell[]): Parameter[] =>
      layout.table.clusteringKey.slice(0, cells.length).map((name, index) => {
        const column = layout.table.columns[name];
        return column === undefined ? null : toParameter(column, cells[index] ?? null);
      });
    return this.options.session.execute({
      query: table.page(range),
      parameters: [
        ...keyParameters(layout, partition),
        ...bound(range.start?.bound ?? []),
        ...bound(range.until ?? []),
        limit,
      ],
    });
  }

  /** The fewest statements that each stay within one partition and a bounded size. */
  private gather(table: TableCql, keys: readonly (readonly Cell[])[]): (() => Promise<DriverRow[]>)[] {
    const { session } = this.options;
    const { layout } = table;
    const one = (key: readonly Cell[]) => () =>
      session.execute({ query: table.get, parameters: keyParameters(layout, key) });
    const together = table.getTogether();
    if (together === null) return keys.map(one);
    const partitions = new Map<string, (readonly Cell[])[]>();
    for (const key of keys) {
      const partition = JSON.stringify(key.slice(0, -1));
      partitions.set(partition, [...(partitions.get(partition) ?? []), key]);
    }
    return [...partitions.values()].flatMap((ofPartition) =>
      chunks(ofPartition, limits.cqlKeysTogether).map((some) => {
        const [first] = some;
        if (first === undefined || some.length === 1) return one(first ?? []);
        const last = some.map((key) => keyParameters(layout, key).at(-1) ?? null);
        return () =>
          session.execute({ query: together, parameters: [...keyParameters(layout, first.slice(0, -1)), last] });
      }),
    );
  }

  private identity(layout: TableLayout, row: DriverRow): string {
    return JSON.stringify(layout.keyOfCells(layout.columns.map((column) => fromDriver(column, row))));
  }

  private visible(rows: readonly DriverRow[]): DriverRow[] {
    const nowMs = this.options.clock.now();
    for (const row of rows) this.options.writeTimes.observe(row['written_at']);
    return rows.filter((row) => isVisible(row, nowMs));
  }
}

function clusteringOf(layout: TableLayout, row: DriverRow): Cell[] {
  const cells = layout.columns.map((column) => fromDriver(column, row));
  return layout.keyOfCells(cells).slice(layout.table.partitionKey.length);
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
