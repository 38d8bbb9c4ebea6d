/** Rows on their way from one store to another: content, revision and expiry as they were. Writing a row again is fine. */
import { isDeepStrictEqual } from 'node:util';
import { limits } from '../limits.ts';
import { inGroups, inParallel } from '../parallel.ts';
import type { Store, StoredRow } from '../storage/store.ts';
import type { RowOf, Table } from '../storage/table.ts';

/** Rows of a fenced table that are there already are left as they are: `differing` tells. */
export async function writeRows<T extends Table>(
  store: Store,
  table: T,
  rows: readonly StoredRow<RowOf<T>>[],
): Promise<void> {
  await inParallel(rows, limits.movedRowsConcurrent, async ({ row, expiresAtMs }) => {
    const options = expiresAtMs === null ? {} : { expiresAtMs };
    if (table.discipline === 'fenced') await store.insertIfAbsent(table, row, options);
    else await store.put(table, row, options);
  });
}

/** Those of `rows` that `store` does not hold as they are. Rows whose time is over do not count. */
export async function differing<T extends Table>(
  store: Store,
  table: T,
  { rows, nowMs }: { readonly rows: readonly StoredRow<RowOf<T>>[]; readonly nowMs: number },
): Promise<StoredRow<RowOf<T>>[]> {
  const different: StoredRow<RowOf<T>>[] = [];
  for (const group of inGroups(rows, limits.movedRowsPage)) {
    const found = await store.getMany(
      table,
      group.map(({ row }) => row),
    );
    different.push(...group.filter(({ row }, index) => !isDeepStrictEqual(found[index], row)));
  }
  return different.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs);
}
