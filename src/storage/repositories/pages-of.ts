/** Reads a partition page by page, so that no list, however long, is held at once. */
import type { ClusterBound, PageRange, Store } from '../store.ts';
import type { PartitionOf, RowOf, Table } from '../table.ts';

/** Where `row` stands in its partition. */
function placeOf<T extends Table>(table: T, row: RowOf<T>): ClusterBound {
  const values: Readonly<Record<string, unknown>> = row;
  return table.clusteringKey.map((name) => values[name] as string | number);
}

export type PagesRange = Omit<PageRange, 'limit'> & { readonly pageRows: number };

/** The rows of one partition in `range`, in pages of `pageRows`; the last page may be shorter, and none is empty. */
export async function* pagesOf<T extends Table>(
  store: Store,
  table: T,
  partition: PartitionOf<T>,
  range: PagesRange,
): AsyncGenerator<RowOf<T>[], void, undefined> {
  const { pageRows, ...rest } = range;
  let next: PageRange = { ...rest, limit: pageRows };
  for (;;) {
    const rows = await store.page(table, partition, next);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < pageRows) return;
    const { from: _from, ...onwards } = next;
    next = { ...onwards, after: placeOf(table, last) };
  }
}
