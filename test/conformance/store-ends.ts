/** The part of the suite that whoever moves rows to another place relies on: a scan tells when each row ends. */
import { limits } from '../../src/limits.ts';
import { putRow, type Store } from '../../src/storage/store.ts';
import type { RowOf } from '../../src/storage/table.ts';
import type { Register } from './store-conformance.ts';
import { edge, edges, entries, entry, type Lease, leases, notes } from './store-tables.ts';

export function registerEnds(register: Register): void {
  register(
    'a scan tells when each row ends, whatever its discipline and however it was written',
    async (t, h, owner) => {
      const { store } = h;
      const nowMs = h.clock.now();
      const [soonMs, laterMs, farMs] = [nowMs + 60_000, nowMs + 120_000, nowMs + 100 * 365 * 86_400_000];
      await store.put(entries, entry(owner, 'kept', 1));
      await store.put(entries, entry(owner, 'brief', 2), { expiresAtMs: soonMs });
      await store.put(entries, entry(owner, 'removed', 3), { expiresAtMs: soonMs });
      await store.remove(entries, entry(owner, 'removed', 3));
      await store.put(entries, entry(owner, 'ended', 4), { expiresAtMs: nowMs + 1_000 });
      await store.batch([putRow(entries, entry(owner, 'in a batch', 5), { expiresAtMs: farMs })]);
      await store.put(edges, edge(owner, 'longer', 2), { expiresAtMs: soonMs });
      await store.put(edges, edge(owner, 'longer', 4), { expiresAtMs: laterMs });
      await store.put(edges, edge(owner, 'for ever', 2), { expiresAtMs: soonMs });
      await store.put(edges, edge(owner, 'for ever', 4));
      await store.put(edges, edge(owner, 'lost', 4), { expiresAtMs: laterMs });
      await store.put(edges, edge(owner, 'lost', 2));
      const lease: Lease = { name: owner, holder: null, epoch: 1, details: null };
      await store.insertIfAbsent(leases, lease, { expiresAtMs: soonMs });
      await store.compareAndPut(leases, { ...lease, epoch: 2 }, { epoch: 1 }, { expiresAtMs: laterMs });
      await h.advance(2_000);
      t.deepEqual(await endsOf(store, entries, owner), [
        [entry(owner, 'brief', 2), soonMs],
        [entry(owner, 'in a batch', 5), farMs],
        [entry(owner, 'kept', 1), null],
      ]);
      t.deepEqual(await endsOf(store, edges, owner), [
        [edge(owner, 'for ever', 4), null],
        [edge(owner, 'longer', 4), laterMs],
        [edge(owner, 'lost', 4), laterMs],
      ]);
      const held: [unknown, number | null][] = [];
      for await (const { row, expiresAtMs } of store.scanWithExpiry(leases)) {
        if (row.name === owner) held.push([row, expiresAtMs]);
      }
      t.deepEqual(held, [[{ ...lease, epoch: 2 }, laterMs]]);
    },
  );

  register(
    'a scan tells of the end that the table gives its rows, also behind the first chunk',
    async (t, h, owner) => {
      const { store } = h;
      const rows = Array.from({ length: limits.scanChunkRows + 7 }, (_, id) => ({ owner, id }));
      const writtenMs = h.clock.now();
      for (let start = 0; start < rows.length; start += limits.storeBatchMutations) {
        await store.batch(rows.slice(start, start + limits.storeBatchMutations).map((row) => putRow(notes, row)));
      }
      const ends = await endsOf(store, notes, owner);
      t.is(ends.length, rows.length);
      t.is(await store.count(notes, { owner }), rows.length, 'a count reads on as a scan does');
      const retentionMs = notes.retentionMs ?? 0;
      t.true(ends.every(([, endMs]) => endMs !== null && endMs >= Math.floor(writtenMs) + retentionMs));
      t.true(ends.every(([, endMs]) => endMs !== null && endMs <= Math.floor(h.clock.now()) + retentionMs));
    },
  );

  register('rows written again with the end that a scan told end then, and not later', async (t, h, owner) => {
    const { store } = h;
    await store.put(entries, entry(owner, 'brief', 1), { expiresAtMs: h.clock.now() + 4_000 });
    await store.put(entries, entry(owner, 'kept', 2));
    const before = await endsOf(store, entries, owner);
    await h.advance(2_000);
    for (const [row, expiresAtMs] of before) await store.put(entries, row, expiresAtMs === null ? {} : { expiresAtMs });
    t.deepEqual(await endsOf(store, entries, owner), before);
    await h.advance(3_000);
    t.deepEqual(
      (await endsOf(store, entries, owner)).map(([row]) => row.label),
      ['kept'],
    );
  });
}

/** The rows of an owner with when they end, in the order of their content. */
async function endsOf<T extends typeof entries | typeof edges | typeof notes>(
  store: Store,
  table: T,
  owner: string,
): Promise<[RowOf<T>, number | null][]> {
  const ends: [RowOf<T>, number | null][] = [];
  for await (const { row, expiresAtMs } of store.scanWithExpiry(table)) {
    if (row.owner === owner) ends.push([row, expiresAtMs]);
  }
  return ends.sort(([left], [right]) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}
