/**
 * `Store` on SQLite in one folder: nothing to install. Reads run in the event loop (some 25 µs a page), writes in a thread
 * of their own, grouped, and are acknowledged after the disk has them.
 *
 *   put, batch, compareAndPut… ──► WriteQueue ──groups──► writer thread ──► shutterline.db   (one transaction, one sync)
 *   get, page, scan ───────────────► RowReader ◄────────────────────────────────┘
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Clock, nextTurn, type Timer } from '../../clock.ts';
import { invariant, Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { syncDirectory } from '../durable-files.ts';
import { inGroups } from '../../parallel.ts';
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
import { type Cell, Layouts } from '../table-layout.ts';
import { DirectoryLock } from './directory-lock.ts';
import { RowReader } from './row-reader.ts';
import { upgradeSchema } from './schema-upgrade.ts';
import { DATABASE_FILE, openForReading, openForWriting } from './sqlite.ts';
import { TableSql } from './table-sql.ts';
import { packWrites, type PlainWrite } from './write-protocol.ts';
import { WriteQueue } from './write-queue.ts';
import type { WriterThreadData } from './writer-thread.ts';

export interface EmbeddedStoreOptions {
  /** Created if needed; one process at a time may have it open. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** All tables that will be used: `TABLES`, and in tests their own. */
  readonly tables: readonly Table[];
  readonly schemaVersion: number;
  /** For tests that end the writer under the store's feet. */
  readonly startThread?: (data: WriterThreadData) => Worker;
}

interface OpenTable {
  readonly index: number;
  readonly sql: TableSql;
}

export class EmbeddedStore implements Store {
  private readonly clock: Clock;
  private readonly lock: DirectoryLock;
  private readonly layouts = new Layouts();
  private readonly tables: ReadonlyMap<string, OpenTable>;
  private readonly reader: RowReader;
  private readonly queue: WriteQueue;
  private readonly sweepTimer: Timer;
  private sweeping = false;
  private pings = 0;
  private closing: Promise<void> | null = null;

  private constructor(options: EmbeddedStoreOptions, lock: DirectoryLock, reader: RowReader, queue: WriteQueue) {
    this.clock = options.clock;
    this.lock = lock;
    this.reader = reader;
    this.queue = queue;
    this.tables = new Map(
      options.tables.map((table, index) => [table.name, { index, sql: new TableSql(this.layouts.of(table)) }]),
    );
    this.sweepTimer = this.clock.every(limits.sweepPeriodMs, () => this.sweep());
  }

  static async open(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
    const { directory, tables, schemaVersion, clock, log } = options;
    const lock = await DirectoryLock.acquire(directory);
    let queue: WriteQueue | null = null;
    try {
      const path = join(directory, DATABASE_FILE);
      prepare(path, tables, schemaVersion);
      await syncDirectory(directory);
      const startThread = options.startThread ?? startWriterThread;
      queue = await WriteQueue.open({ startThread: () => startThread({ path, tables }), clock, log });
      return new EmbeddedStore(options, lock, new RowReader(openForReading(path)), queue);
    } catch (error) {
      await queue?.close();
      lock.release();
      throw error;
    }
  }

  async put<T extends Table>(table: T, row: RowOf<T>, options: WriteOptions = {}): Promise<void> {
    const nowMs = this.clock.now();
    const checked = checkMutation(putRow(table, row, options), this.layouts, nowMs);
    await this.queue.submit({ kind: 'plain', writes: packWrites([this.plain(checked)]), nowMs });
  }

  async remove<T extends Table>(table: T, key: KeyOf<T>): Promise<void> {
    const nowMs = this.clock.now();
    const checked = checkMutation(removeRow(table, key), this.layouts, nowMs);
    await this.queue.submit({ kind: 'plain', writes: packWrites([this.plain(checked)]), nowMs });
  }

  async batch(mutations: readonly Mutation[]): Promise<void> {
    const nowMs = this.clock.now();
    const checked = checkBatch(mutations, this.layouts, nowMs);
    if (checked.length === 0) return;
    await this.queue.submit({
      kind: 'plain',
      writes: packWrites(checked.map((mutation) => this.plain(mutation))),
      nowMs,
    });
  }

  /** In few transactions, which cost less than many, and behind what commands wait for. */
  async writeAll(mutations: readonly Mutation[]): Promise<void> {
    const nowMs = this.clock.now();
    const writes = checkAll(mutations, this.layouts, nowMs).map((mutation) => this.plain(mutation));
    const parts = inGroups(writes, limits.writerBulkMutations);
    await Promise.all(parts.map((part) => this.queue.submitBulk({ kind: 'plain', writes: packWrites(part), nowMs })));
  }

  async insertIfAbsent<T extends Table>(
    table: T,
    row: RowOf<T>,
    options: WriteOptions = {},
  ): Promise<InsertOutcome<RowOf<T>>> {
    requireDiscipline(table, ['fenced'], 'insertIfAbsent');
    const nowMs = this.clock.now();
    const layout = this.layouts.of(table);
    const { existing } = await this.queue.submit({
      kind: 'insertIfAbsent',
      table: this.opened(table).index,
      cells: layout.encodeRow(row),
      expiresAtMs: expiryOf(table, options, nowMs),
      nowMs,
    });
    return existing === null ? { inserted: true } : { inserted: false, existing: layout.decodeRow(existing) };
  }

  async compareAndPut<T extends Table>(
    table: T,
    row: RowOf<T>,
    expected: Partial<RowOf<T>>,
    options: WriteOptions = {},
  ): Promise<boolean> {
    requireDiscipline(table, ['fenced'], 'compareAndPut');
    const nowMs = this.clock.now();
    const layout = this.layouts.of(table);
    const { done } = await this.queue.submit({
      kind: 'compareAndPut',
      table: this.opened(table).index,
      cells: layout.encodeRow(row),
      expected: layout.encodeExpected(expected),
      expiresAtMs: expiryOf(table, options, nowMs),
      nowMs,
    });
    return done;
  }

  async compareAndRemove<T extends Table>(table: T, key: KeyOf<T>, expected: Partial<RowOf<T>>): Promise<boolean> {
    requireDiscipline(table, ['fenced'], 'compareAndRemove');
    const layout = this.layouts.of(table);
    const { done } = await this.queue.submit({
      kind: 'compareAndRemove',
      table: this.opened(table).index,
      key: layout.encodeKey(key),
      expected: layout.encodeExpected(expected),
      nowMs: this.clock.now(),
    });
    return done;
  }

  async get<T extends Table>(table: T, key: KeyOf<T>): Promise<RowOf<T> | null> {
    return this.read(table, key);
  }

  async getMany<T extends Table>(table: T, keys: readonly KeyOf<T>[]): Promise<(RowOf<T> | null)[]> {
    checkKeyCount(table, keys.length);
    const layout = this.layouts.of(table);
    const encoded = keys.map((key) => layout.encodeKey(key));
    const rows = this.reader.getMany(this.opened(table).sql, encoded, this.clock.now());
    return rows.map((cells) => (cells === null ? null : layout.decodeRow(cells)));
  }

  async page<T extends Table>(table: T, partition: PartitionOf<T>, range: PageRange): Promise<RowOf<T>[]> {
    const layout = this.layouts.of(table);
    const checked = checkRange(layout, range);
    const cells = layout.encodePartition(partition);
    const rows = this.reader.page(this.opened(table).sql, cells, checked, this.clock.now());
    return rows.map((row) => layout.decodeRow(row));
  }

  async count<T extends Table>(table: T, partition: PartitionOf<T>): Promise<number> {
    const cells = this.layouts.of(table).encodePartition(partition);
    return this.reader.count(this.opened(table).sql, cells, this.clock.now());
  }

  async *scan<T extends Table>(table: T): AsyncIterable<RowOf<T>> {
    for await (const { row } of this.scanWithExpiry(table)) yield row;
  }

  async *scanWithExpiry<T extends Table>(table: T): AsyncIterable<StoredRow<RowOf<T>>> {
    const layout = this.layouts.of(table);
    const { sql } = this.opened(table);
    const expiryOfCells = (cells: readonly Cell[]): number | null => {
      const expiresAtMs = cells[layout.columns.length] ?? null;
      return expiresAtMs === null ? null : Number(expiresAtMs);
    };
    let rows = this.reader.scanChunk(sql, null, this.clock.now());
    for (;;) {
      for (const cells of rows) yield { row: layout.decodeRow(cells), expiresAtMs: expiryOfCells(cells) };
      const last = rows.at(-1);
      if (last === undefined || rows.length < limits.scanChunkRows) return;
      // A table may be long, and others want to read too.
      await nextTurn();
      rows = this.reader.scanChunk(sql, layout.keyOfCells(last), this.clock.now());
    }
  }

  async ping(): Promise<void> {
    const value = ++this.pings;
    await this.queue.submit({ kind: 'ping', value });
    // A later ping may have overtaken this one.
    if (Number(this.reader.lastPing()) < value)
      throw new Problem('unavailable', { detail: 'A write is not readable.' });
  }

  close(): Promise<void> {
    this.closing ??= this.release();
    return this.closing;
  }

  private async release(): Promise<void> {
    this.sweepTimer.cancel();
    await this.queue.close();
    this.reader.close();
    this.lock.release();
  }

  private read<T extends Table>(table: T, key: KeyOf<T>): RowOf<T> | null {
    const layout = this.layouts.of(table);
    const cells = this.reader.get(this.opened(table).sql, layout.encodeKey(key), this.clock.now());
    return cells === null ? null : layout.decodeRow(cells);
  }

  private plain(mutation: CheckedMutation): PlainWrite {
    const table = this.opened(mutation.layout.table).index;
    return mutation.kind === 'remove'
      ? { kind: 'remove', table, key: mutation.key }
      : { kind: 'put', table, cells: mutation.cells, expiresAtMs: mutation.expiresAtMs };
  }

  private opened(table: Table): OpenTable {
    const opened = this.tables.get(table.name);
    invariant(opened !== undefined, `table ${table.name} was not given to open`);
    return opened;
  }

  private sweep(): void {
    if (this.sweeping) return;
    this.sweeping = true;
    this.queue
      .submit({ kind: 'sweep', rowsMax: limits.sweepRows, nowMs: this.clock.now() })
      // The next pass tries again; whoever writes learns why it failed.
      .catch(() => undefined)
      .finally(() => {
        this.sweeping = false;
      });
  }
}

function prepare(path: string, tables: readonly Table[], schemaVersion: number): void {
  const layouts = new Layouts();
  const database = openForWriting(path);
  try {
    upgradeSchema(
      database,
      tables.map((table) => new TableSql(layouts.of(table))),
      schemaVersion,
    );
  } finally {
    database.close();
  }
}

export function startWriterThread(workerData: WriterThreadData): Worker {
  return new Worker(new URL('./writer-thread.ts', import.meta.url), {
    workerData,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}
