/**
 * Table declarations. A table is declared once; its row and key types, its SQLite table and its CQL follow from it.
 *
 * Each table has one discipline, which every writer keeps:
 * - `immutable`: a row is written once; the same key always means the same content. Rows may be removed.
 * - `lww`: the row carries `revision` (see RevisionSource); the higher one wins, whatever order writes arrive in.
 *   Removal is a row in state "gone" (a column of the table's own choice) that expires: never `remove`.
 * - `fenced`: written by `insertIfAbsent` and `compareAndPut` only; never in a batch, never mixed with plain writes.
 */
declare const valueType: unique symbol;

export type ColumnKind = 'text' | 'integer' | 'real' | 'boolean' | 'json';

export interface Column<Value = unknown> {
  readonly kind: ColumnKind;
  readonly nullable: boolean;
  readonly [valueType]?: Value;
}

export type Columns = Readonly<Record<string, Column>>;
export type Discipline = 'immutable' | 'lww' | 'fenced';

type ValueOf<C> = C extends Column<infer Value> ? Value : never;
export type RowOf<T extends Table> = { readonly [Name in keyof T['columns']]: ValueOf<T['columns'][Name]> };
export type PartitionOf<T extends Table> = Pick<RowOf<T>, T['partitionKey'][number]>;
export type KeyOf<T extends Table> = Pick<RowOf<T>, T['partitionKey'][number] | T['clusteringKey'][number]>;

export interface Table<C extends Columns = Columns, P extends string = string, K extends string = string> {
  readonly name: string;
  readonly columns: C;
  readonly partitionKey: readonly P[];
  /** Rows of a partition are sorted by these, in this order; empty when a partition is one row. */
  readonly clusteringKey: readonly K[];
  readonly order: 'ascending' | 'descending';
  readonly discipline: Discipline;
  /** Rows are unreadable this long after they were written, unless the write says otherwise; null: kept. */
  readonly retentionMs: number | null;
}

export const column = {
  text: <Value extends string = string>(): Column<Value> => ({ kind: 'text', nullable: false }),
  integer: (): Column<number> => ({ kind: 'integer', nullable: false }),
  real: (): Column<number> => ({ kind: 'real', nullable: false }),
  boolean: (): Column<boolean> => ({ kind: 'boolean', nullable: false }),
  /** Any JSON value, stored as text; never queried by. */
  json: <Value>(): Column<Value> => ({ kind: 'json', nullable: false }),
  nullable: <Value>(inner: Column<Value>): Column<Value | null> => ({ kind: inner.kind, nullable: true }),
};

export function defineTable<
  const C extends Columns,
  const P extends keyof C & string,
  const K extends keyof C & string = never,
>(declaration: {
  name: string;
  columns: C;
  partitionKey: readonly P[];
  clusteringKey?: readonly K[];
  order?: 'ascending' | 'descending';
  discipline: Discipline;
  retentionMs?: number | null;
}): Table<C, P, K> {
  return {
    order: 'ascending',
    retentionMs: null,
    ...declaration,
    clusteringKey: declaration.clusteringKey ?? [],
  };
}
