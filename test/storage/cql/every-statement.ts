/** Everything the CQL adapter can ask of the engine: each shape of each table's statements, and the migration's own. */
import { withInternalTables } from '../../../src/storage/cql/internal-tables.ts';
import { createKeyspace, MIGRATION, WITHOUT_TABLETS } from '../../../src/storage/cql/migration-statements.ts';
import { HEARTBEAT, TableCql } from '../../../src/storage/cql/table-cql.ts';
import { TABLES } from '../../../src/storage/schema.ts';
import type { CheckedRange } from '../../../src/storage/store-rules.ts';
import { Layouts } from '../../../src/storage/table-layout.ts';

export interface ListedStatement {
  /** What the store is asked for. */
  readonly act: string;
  readonly query: string;
}

export function everyStatement(): ListedStatement[] {
  const layouts = new Layouts();
  return [
    ...withInternalTables(TABLES).flatMap((table) => ofTable(new TableCql(layouts.of(table)))),
    { act: 'heartbeat', query: HEARTBEAT },
    ...ofMigration(),
  ];
}

function ofTable(table: TableCql): ListedStatement[] {
  const { discipline } = table.layout.table;
  const together = table.getTogether();
  return [
    { act: 'create', query: table.create() },
    { act: 'get', query: table.get },
    ...(together === null ? [] : [{ act: 'getMany of one partition', query: together }]),
    ...pages(table),
    ...(table.layout.table.clusteringKey.length === 0 ? [] : [{ act: 'count', query: table.count }]),
    { act: 'scan (maintenance)', query: table.scan },
    ...(discipline === 'fenced' ? comparisons(table) : [{ act: 'put', query: table.put }]),
    ...(discipline === 'immutable' ? [{ act: 'remove', query: table.remove }] : []),
  ];
}

function pages(table: TableCql): ListedStatement[] {
  const { clusteringKey } = table.layout.table;
  const bounds = [...clusteringKey.keys()].map((index) => Array.from({ length: index + 1 }, () => ''));
  const starts: CheckedRange['start'][] = [
    null,
    ...bounds.flatMap((bound) => [true, false].map((included) => ({ bound, included }))),
  ];
  const shapes = starts.flatMap((start) =>
    [null, ...bounds].flatMap((until) => ([1, -1] as const).map((direction) => ({ start, until, direction }))),
  );
  const queries = clusteringKey.length === 0 ? [] : shapes.map((shape) => table.page(shape));
  return queries.map((query) => ({ act: 'page', query }));
}

/** A comparison names any of these columns: all of them and none stand for every choice. */
function comparisons(table: TableCql): ListedStatement[] {
  const comparable = table.valueColumns.filter(({ column }) => column.kind !== 'json').map(({ name }) => name);
  return [
    { act: 'insertIfAbsent', query: table.insertIfAbsent() },
    { act: 'insertIfAbsent, in place of an expired row', query: table.replaceExpired() },
    { act: 'compareAndPut, nothing expected', query: table.replace([]) },
    { act: 'compareAndPut, or with fewer of these', query: table.replace(comparable) },
    { act: 'compareAndRemove, nothing expected', query: table.removeIf([]) },
    { act: 'compareAndRemove, or with fewer of these', query: table.removeIf(comparable) },
  ];
}

function ofMigration(): ListedStatement[] {
  const keyspace = createKeyspace('keyspace', { centre: 3 });
  return [
    { act: 'migrate: keyspace', query: keyspace },
    { act: 'migrate: keyspace of ScyllaDB', query: keyspace + WITHOUT_TABLETS },
    ...Object.entries(MIGRATION).map(([name, query]) => ({ act: `migrate: ${name}`, query })),
  ];
}
