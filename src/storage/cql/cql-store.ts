/**
 * `Store` on Cassandra or ScyllaDB. Reads and writes at a quorum; order of writes as write-times.ts says; comparisons as
 * fenced-writes.ts says; an atomic `batch` is a logged batch.
 */
import type { Clock } from '../../clock.ts';
import { invariant, Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { inParallel } from '../../parallel.ts';
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
import { Layouts, type TableLayout } from '../table-layout.ts';
import { CqlSession, type SessionOptions, type Statement } from './cql-session.ts';
import { unsetIfNull } from './cql-values.ts';
import { allParameters, FencedWrites, keyParameters } from './fenced-writes.ts';
import { migrate } from './migration.ts';
import { RowReader } from './row-reader.ts';
import { NEVER, TableCql } from './table-cql.ts';
import { PING, withInternalTables } from './internal-tables.ts';
import { secondsToLive } from './time-to-live.ts';
import { WriteTimes } from './write-times.ts';

export interface CqlStoreOptions extends SessionOptions {
  /** All tables that will be used: `TABLES`, and in tests their own. */
  readonly tables: readonly Table[];
  readonly schemaVersion: number;
}

export class CqlStore implements Store {
  private readonly clock: Clock;
  private readonly session: CqlSession;
  private readonly layouts: Layouts;
  private readonly tables: ReadonlyMap<string, TableCql>;
  private readonly writeTimes: WriteTimes;
  private readonly fenced: FencedWrites;
  private readonly reader: RowReader;
  /** Whose pings these are: nodes do not read each other's. */
  private readonly pinger: string;
  private pings = 0;

  private constructor(options: CqlStoreOptions, session: CqlSession, layouts: Layouts) {
    const { clock } = options;
    this.clock = clock;
    this.session = session;
    this.layouts = layouts;
    this.tables = new Map(
      withInternalTables(options.tables).map((table) => [table.name, new TableCql(layouts.of(table))]),
    );
    this.writeTimes = new WriteTimes(clock);
    this.fenced = new FencedWrites(session, clock);
    this.reader = new RowReader({ session, clock, writeTimes: this.writeTimes });
    this.pinger = clock.randomBytes(9).toString('base64url');
  }

  /** Makes and upgrades the keyspace first. `StartRefusal` if the engine stays away or was upgraded by a newer release. */
  static async open(options: CqlStoreOptions): Promise<CqlStore> {
    await migrate(options);
    const session = await CqlSession.open(options, options.settings.keyspace);
    session.refuseWhileAway();
    return new CqlStore(options, session, new Layouts());
  }

  async put<T extends Table>(table: T, row: RowOf<T>, options: WriteOptions = {}): Promise<void> {
    const checked = checkMutation(putRow(table, row, options), this.layouts, this.clock.now());
    await this.session.execute(this.plain(checked, this.writeTimes.next()));
  }

  async remove<T extends Table>(table: T, key: KeyOf<T>): Promise<void> {
    const checked = checkMutation(removeRow(table, key), this.layouts, this.clock.now());
    await this.session.execute(this.plain(checked, this.writeTimes.next()));
  }

  async batch(mutations: readonly Mutation[]): Promise<void> {
    const checked = checkBatch(mutations, this.layouts, this.clock.now());
    const writeTime = this.writeTimes.next();
    const statements = checked.map((mutation) => this.plain(mutation, writeTime));
    const [only, ...more] = statements;
    if (only === undefined) return;
    if (more.length === 0) await this.session.execute(only);
    else await this.session.batch(statements);
  }

  /** Each to its own replicas: a batch across partitions would burden one node with all of them. */
  async writeAll(mutations: readonly Mutation[]): Promise<void> {
    const checked = checkAll(mutations, this.layouts, this.clock.now());
    const writeTime = this.writeTimes.next();
    await inParallel(checked, limits.cqlWritesAtOnce, (mutation) =>
      this.session.execute(this.plain(mutation, writeTime)),
    );
  }

  async insertIfAbsent<T extends Table>(
    table: T,
    row: RowOf<T>,
    options: WriteOptions = {},
  ): Promise<InsertOutcome<RowOf<T>>> {
    requireDiscipline(table, ['fenced'], 'insertIfAbsent');
    const layout = this.layouts.of(table);
    const cells = layout.encodeRow(row);
    const expiresAtMs = expiryOf(table, options, this.clock.now());
    const existing = await this.fenced.insertIfAbsent(this.opened(table), { cells, expiresAtMs });
    return existing === null ? { inserted: true } : { inserted: false, existing: this.reader.decode(layout, existing) };
  }

  async compareAndPut<T extends Table>(
    table: T,
    row: RowOf<T>,
    expected: Partial<RowOf<T>>,
    options: WriteOptions = {},
  ): Promise<boolean> {
    requireDiscipline(table, ['fenced'], 'compareAndPut');
    const layout = this.layouts.of(table);
    const cells = layout.encodeRow(row);
    const expiresAtMs = expiryOf(table, options, this.clock.now());
    const { keys, others } = split(layout, layout.encodeExpected(expected));
    // The engine compares no key columns: a key that differs from the row's own never holds.
    if (keys.some(([position, cell]) => cells[position] !== cell)) return false;
    return this.fenced.compareAndPut(this.opened(table), { cells, expiresAtMs }, others);
  }

  async compareAndRemove<T extends Table>(table: T, key: KeyOf<T>, expected: Partial<RowOf<T>>): Promise<boolean> {
    requireDiscipline(table, ['fenced'], 'compareAndRemove');
    const layout = this.layouts.of(table);
    const cells = layout.encodeKey(key);
    const { keys, others } = split(layout, layout.encodeExpected(expected));
    if (keys.some(([position, cell]) => cells[layout.keyPositions.indexOf(position)] !== cell)) return false;
    return this.fenced.compareAndRemove(this.opened(table), cells, others);
  }

  async get<T extends Table>(table: T, key: KeyOf<T>): Promise<RowOf<T> | null> {
    const layout = this.layouts.of(table);
    const row = await this.reader.get(this.opened(table), layout.encodeKey(key));
    return row === null ? null : this.reader.decode(layout, row);
  }

  async getMany<T extends Table>(table: T, keys: readonly KeyOf<T>[]): Promise<(RowOf<T> | null)[]> {
    checkKeyCount(table, keys.length);
    const layout = this.layouts.of(table);
    const encoded = keys.map((key) => layout.encodeKey(key));
    const rows = await this.reader.getMany(this.opened(table), encoded);
    return rows.map((row) => (row === null ? null : this.reader.decode(layout, row)));
  }

  async page<T extends Table>(table: T, partition: PartitionOf<T>, range: PageRange): Promise<RowOf<T>[]> {
    const layout = this.layouts.of(table);
    const checked = checkRange(layout, range);
    const rows = await this.reader.page(this.opened(table), layout.encodePartition(partition), checked);
    return rows.map((row) => this.reader.decode(layout, row));
  }

  count<T extends Table>(table: T, partition: PartitionOf<T>): Promise<number> {
    return this.reader.count(this.opened(table), this.layouts.of(table).encodePartition(partition));
  }

  async *scan<T extends Table>(table: T): AsyncIterable<RowOf<T>> {
    for await (const { row } of this.scanWithExpiry(table)) yield row;
  }

  async *scanWithExpiry<T extends Table>(table: T): AsyncIterable<StoredRow<RowOf<T>>> {
    const layout = this.layouts.of(table);
    for await (const found of this.reader.scan(this.opened(table))) {
      const expiresAtMs = Number(found['expires_at']);
      yield { row: this.reader.decode(layout, found), expiresAtMs: expiresAtMs === NEVER ? null : expiresAtMs };
    }
  }

  async ping(): Promise<void> {
    const revision = Math.max(this.pings + 1, Math.floor(this.clock.now() * 1000));
    this.pings = revision;
    await this.put(PING, { pinger: this.pinger, revision });
    const read = await this.get(PING, { pinger: this.pinger });
    const found = read?.revision ?? 0;
    if (found >= revision) return;
    const seen = read === null ? 'there is no row' : `the row has ${found}`;
    throw new Problem('unavailable', { detail: `A write is not readable: ${revision} was acknowledged, ${seen}.` });
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private plain(mutation: CheckedMutation, writeTime: bigint): Statement {
    const { layout } = mutation;
    const table = this.opened(layout.table);
    if (mutation.kind === 'remove') {
      return { query: table.remove, parameters: [writeTime, ...keyParameters(layout, mutation.key)] };
    }
    const { cells, expiresAtMs } = mutation;
    const { revisionPosition } = layout;
    const isLww = revisionPosition >= 0;
    const parameters = allParameters(layout, cells);
    return {
      query: table.put,
      parameters: [
        ...(isLww ? parameters : parameters.map(unsetIfNull)),
        BigInt(expiresAtMs ?? NEVER),
        isLww ? BigInt(cells[revisionPosition] ?? 0) : writeTime,
        secondsToLive(expiresAtMs, this.clock.now()),
      ],
    };
  }

  private opened(table: Table): TableCql {
    const opened = this.tables.get(table.name);
    invariant(opened !== undefined, `table ${table.name} was not given to open`);
    return opened;
  }
}

function split(layout: TableLayout, expected: ReturnType<TableLayout['encodeExpected']>) {
  const isKey = ([position]: readonly [number, unknown]): boolean => layout.keyPositions.includes(position);
  return { keys: expected.filter(isKey), others: expected.filter((one) => !isKey(one)) };
}
