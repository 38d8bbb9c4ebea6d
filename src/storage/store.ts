/**
 * The port to the durable tables. Adapters: `memory` (the executable specification), `embedded` (SQLite), `cql`.
 *
 * What every adapter promises:
 * - A write that resolved is durable and is seen by every read that starts afterwards.
 * - A write that was rejected may or may not have happened; `Problem('unavailable' | 'timeout')` say so.
 * - `batch` is atomic (all of it becomes durable or none) but not isolated: a reader may see a part of it for a moment.
 * - Rows past their expiry are never returned.
 * - Values come back exactly as written: integers are JavaScript safe integers, json is structurally equal.
 */
import type { KeyOf, PartitionOf, RowOf, Table } from './table.ts';

export interface WriteOptions {
  /** Wall time at which the row stops being readable; instead of the table's retention. */
  readonly expiresAtMs?: number;
}

export type Mutation =
  | {
      readonly kind: 'put';
      readonly table: Table;
      readonly row: Readonly<Record<string, unknown>>;
      readonly expiresAtMs?: number;
    }
  | { readonly kind: 'remove'; readonly table: Table; readonly key: Readonly<Record<string, unknown>> };

/** Makes typed mutations for `Store.batch`. */
export function putRow<T extends Table>(table: T, row: RowOf<T>, options: WriteOptions = {}): Mutation {
  return { kind: 'put', table, row, ...options };
}

export function removeRow<T extends Table>(table: T, key: KeyOf<T>): Mutation {
  return { kind: 'remove', table, key };
}

/** Values for the first n clustering columns, compared lexicographically. */
export type ClusterBound = readonly (string | number)[];

export interface PageRange {
  /** First position, included. */
  readonly from?: ClusterBound;
  /** Position to start behind, excluded. At most one of `from` and `after`. */
  readonly after?: ClusterBound;
  /** Position to stop before, excluded. */
  readonly until?: ClusterBound;
  readonly limit: number;
  /** Read against the table's order; `from`, `after` and `until` are meant in the direction of reading. */
  readonly reversed?: boolean;
}

/** A row with what reads keep to themselves: the wall time at which it ends; null: never. */
export interface StoredRow<Row> {
  readonly row: Row;
  readonly expiresAtMs: number | null;
}

export type InsertOutcome<Row> = { readonly inserted: true } | { readonly inserted: false; readonly existing: Row };

export interface Store {
  /** For `immutable` (a second put of a key changes nothing that matters) and `lww` (a lower revision loses). */
  put<T extends Table>(table: T, row: RowOf<T>, options?: WriteOptions): Promise<void>;

  /** For `immutable`; removing what is not there is fine. `lww` rows are put as "gone", `fenced` ones compared. */
  remove<T extends Table>(table: T, key: KeyOf<T>): Promise<void>;

  /** For `fenced`: the row if its key is free, else what is there. */
  insertIfAbsent<T extends Table>(table: T, row: RowOf<T>, options?: WriteOptions): Promise<InsertOutcome<RowOf<T>>>;

  /** For `fenced`: replaces the row if it is there and each column of `expected` holds that value. True if it did. */
  compareAndPut<T extends Table>(
    table: T,
    row: RowOf<T>,
    expected: Partial<RowOf<T>>,
    options?: WriteOptions,
  ): Promise<boolean>;

  /** For `fenced`: removes the row if each column of `expected` holds that value. True if it did. */
  compareAndRemove<T extends Table>(table: T, key: KeyOf<T>, expected: Partial<RowOf<T>>): Promise<boolean>;

  get<T extends Table>(table: T, key: KeyOf<T>): Promise<RowOf<T> | null>;

  /** In the order of `keys`, null where there is no row. At most 1,000 keys. */
  getMany<T extends Table>(table: T, keys: readonly KeyOf<T>[]): Promise<(RowOf<T> | null)[]>;

  /** Rows of one partition in clustering order. */
  page<T extends Table>(table: T, partition: PartitionOf<T>, range: PageRange): Promise<RowOf<T>[]>;

  /** How many rows a partition has, without bringing them here. An engine may look at each: for bounded partitions. */
  count<T extends Table>(table: T, partition: PartitionOf<T>): Promise<number>;

  /** `immutable` and `lww` mutations across partitions, at most 100 and 44 KiB (else `payload-too-large`): what any engine takes as one. */
  batch(mutations: readonly Mutation[]): Promise<void>;

  /**
   * `immutable` and `lww` mutations of different keys, at most 1,000, each on its own: for many rows that do not depend on each
   * other, as a fan-out writes. Resolves when all are durable; if it rejects, any of them may be.
   */
  writeAll(mutations: readonly Mutation[]): Promise<void>;

  /** Every row of a table, in no promised order: for maintenance only, never in a request. */
  scan<T extends Table>(table: T): AsyncIterable<RowOf<T>>;

  /** As `scan`, for whoever moves rows to another place and must not lengthen their lives. */
  scanWithExpiry<T extends Table>(table: T): AsyncIterable<StoredRow<RowOf<T>>>;

  /** Resolves when a write and a read just went through; rejects with a retryable problem. */
  ping(): Promise<void>;

  close(): Promise<void>;
}
