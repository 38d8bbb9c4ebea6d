/**
 * What every `Store` must do. Bound in one line per adapter (test/storage). Keys are fresh in each run, so it may run
 * against a database that is not empty; time passes through the harness, so it may be real.
 */
import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import type { Clock } from '../../src/clock.ts';
import { InvariantViolation, Problem } from '../../src/errors.ts';
import { limits } from '../../src/limits.ts';
import { type Mutation, putRow, removeRow, type Store } from '../../src/storage/store.ts';
import type { Table } from '../../src/storage/table.ts';
import { storePrograms } from './store-programs.ts';
import { registerEnds } from './store-ends.ts';
import {
  CONFORMANCE_TABLES,
  type Entry,
  edge,
  edges,
  entries,
  entry,
  type Lease,
  leases,
  notes,
} from './store-tables.ts';

export interface StoreHarness {
  readonly store: Store;
  readonly clock: Clock;
  /** Lets that much of the clock's time pass. */
  advance(durationMs: number): Promise<void>;
  /** Time passes at once and only here: random programs may then use expiry. */
  readonly timeIsManual: boolean;
  close(): Promise<void>;
}

export type OpenStore = (tables: readonly Table[]) => Promise<StoreHarness>;

/** Runs `body` against the adapter; `owner` is a key nobody else uses. */
export type Register = (
  promise: string,
  body: (t: ExecutionContext, h: StoreHarness, owner: string) => Promise<void>,
) => void;

export function storeConformance(name: string, open: OpenStore): void {
  let harness: StoreHarness | null = null;
  test.before(async () => {
    harness = await open(CONFORMANCE_TABLES);
  });
  test.after.always(() => harness?.close());
  const register: Register = (promise, body) =>
    test.serial(`${name}: ${promise}`, async (t) => {
      if (harness === null) throw new Error(`${name} did not open`);
      await body(t, harness, `run-${randomUUID()}`);
    });
  registerValues(register);
  registerEnds(register);
  registerPages(register);
  registerDisciplines(register);
  registerBatches(register);
  registerMisuse(register);
  storePrograms(register);
}

function registerValues(register: Register): void {
  register('values of every kind come back exactly as written', async (t, { store }, owner) => {
    const row = entry(owner, 'a', 3);
    await store.put(entries, row);
    t.deepEqual(await store.get(entries, row), row);
    const empty = { ...entry(owner, '', -(2 ** 53 - 1)), note: '', weight: -0.1, details: null, extra: null };
    await store.put(entries, empty);
    t.deepEqual(await store.get(entries, empty), empty);
  });

  register('what was read or written is not shared with the caller', async (t, { store }, owner) => {
    const details = { list: [1] };
    const row = { ...entry(owner, 'a', 1), details };
    await store.put(entries, row);
    details.list.push(2);
    const read = (await store.get(entries, row))?.details as typeof details | undefined;
    read?.list.push(3);
    t.deepEqual((await store.get(entries, row))?.details, { list: [1] });
  });

  register('getMany answers in the order of the keys, null where there is no row', async (t, { store }, owner) => {
    const [first, second] = [entry(owner, 'a', 1), entry(owner, 'b', 2)];
    await store.batch([putRow(entries, first), putRow(entries, second)]);
    const keys = [second, entry(owner, 'c', 3), first, second];
    t.deepEqual(await store.getMany(entries, keys), [second, null, first, second]);
  });

  register('a row is not returned past its expiry, by any kind of read', async (t, h, owner) => {
    const kept = entry(owner, 'kept', 1);
    const brief = entry(owner, 'brief', 2);
    await h.store.put(entries, kept);
    await h.store.put(entries, brief, { expiresAtMs: h.clock.now() + 2_000 });
    t.deepEqual(await h.store.get(entries, brief), brief);
    await h.advance(3_000);
    t.is(await h.store.get(entries, brief), null);
    t.deepEqual(await h.store.getMany(entries, [brief, kept]), [null, kept]);
    t.deepEqual(await h.store.page(entries, kept, { limit: 10 }), [kept]);
    const scanned = await collect(h.store.scan(entries), (row) => row.owner === owner);
    t.deepEqual(scanned, [kept]);
  });

  register('retention of the table applies unless the write says otherwise', async (t, h, owner) => {
    await h.store.put(notes, { owner, id: 1 });
    await h.store.put(notes, { owner, id: 2 }, { expiresAtMs: h.clock.now() + 60_000 });
    await h.advance(notes.retentionMs === null ? 0 : notes.retentionMs + 1_000);
    t.deepEqual(await h.store.page(notes, { owner }, { limit: 10 }), [{ owner, id: 2 }]);
  });

  register('scan finds every row, also behind the first chunk', async (t, { store }, owner) => {
    const rows = Array.from({ length: limits.scanChunkRows + 7 }, (_, id) => ({ owner, id }));
    for (let start = 0; start < rows.length; start += limits.storeBatchMutations) {
      await store.batch(rows.slice(start, start + limits.storeBatchMutations).map((row) => putRow(notes, row)));
    }
    const found = await collect(store.scan(notes), (row) => row.owner === owner);
    t.deepEqual(
      found.toSorted((a, b) => a.id - b.id),
      rows,
    );
  });

  register('a long page is whole, however many answers of the engine it takes', async (t, { store }, owner) => {
    const rows = Array.from({ length: 2 * limits.cqlAnswerRows + 7 }, (_, id) => ({ owner, id }));
    for (let start = 0; start < rows.length; start += limits.storeWriteAllMutations) {
      await store.writeAll(rows.slice(start, start + limits.storeWriteAllMutations).map((row) => putRow(notes, row)));
    }
    const found = await store.page(notes, { owner }, { limit: rows.length });
    t.deepEqual(
      found.toSorted((a, b) => a.id - b.id),
      rows,
    );
  });

  register('ping goes through', async (t, { store }) => {
    await t.notThrowsAsync(Promise.all([store.ping(), store.ping()]));
  });
}

function registerPages(register: Register): void {
  register('a page runs in clustering order, from any prefix, in both directions', async (t, { store }, owner) => {
    const rows = ['a', 'b', 'c'].flatMap((label) => [-1, 0, 10].map((position) => entry(owner, label, position)));
    await store.batch(rows.map((row) => putRow(entries, row)));
    const page = async (range: Omit<Parameters<Store['page']>[2], 'limit'> & { limit?: number }) =>
      (await store.page(entries, { owner, bucket: 7 }, { limit: 100, ...range })).map(short);
    const down = rows.map(short).reverse();
    t.deepEqual(await page({}), down);
    t.deepEqual(await page({ reversed: true }), down.toReversed());
    t.deepEqual(await page({ limit: 2 }), ['c10', 'c0']);
    t.deepEqual(await page({ limit: 0 }), []);
    t.deepEqual(await page({ from: ['b'], limit: 3 }), ['b10', 'b0', 'b-1']);
    t.deepEqual(await page({ after: ['b'], limit: 2 }), ['a10', 'a0']);
    t.deepEqual(await page({ after: ['b', 0], until: ['a', 0] }), ['b-1', 'a10']);
    t.deepEqual(await page({ from: ['b', 0], until: ['b'] }), []);
    t.deepEqual(await page({ reversed: true, from: ['b'], until: ['c', 0] }), ['b-1', 'b0', 'b10', 'c-1']);
    t.deepEqual(await page({ reversed: true, after: ['a', 10], until: ['b', 10] }), ['b-1', 'b0']);
    t.deepEqual(await store.page(entries, { owner, bucket: 8 }, { limit: 5 }), []);
  });

  register('a count is of the rows of one partition, without those whose time is over', async (t, h, owner) => {
    const { store, clock } = h;
    t.is(await store.count(entries, { owner, bucket: 7 }), 0);
    await store.put(entries, entry(owner, 'ended', 1), { expiresAtMs: clock.now() + 1_000 });
    await store.put(entries, entry(owner, 'later', 2), { expiresAtMs: clock.now() + 600_000 });
    await store.batch([3, 4, 5].map((position) => putRow(entries, entry(owner, 'kept', position))));
    await store.put(entries, { ...entry(owner, 'elsewhere', 6), bucket: 8 });
    await store.remove(entries, entry(owner, 'kept', 4));
    await store.batch(['x', 'y'].map((target) => putRow(edges, edge(owner, target, 2))));
    await h.advance(2_000);
    t.is(await store.count(entries, { owner, bucket: 7 }), 3);
    t.is(await store.count(entries, { owner, bucket: 8 }), 1);
    t.is(await store.count(edges, { owner }), 2);
  });

  register('texts sort by code point', async (t, { store }, owner) => {
    const targets = ['', 'A', 'a', 'a\u{1}', 'aa', 'z', 'ä', '\ud7ff', '\uffff', '😀'];
    await store.batch(targets.toReversed().map((target) => putRow(edges, edge(owner, target, 2))));
    const rows = await store.page(edges, { owner }, { limit: 100 });
    t.deepEqual(
      rows.map(({ target }) => target),
      targets,
    );
  });
}

function registerDisciplines(register: Register): void {
  register('lww: the higher revision wins, whatever order writes arrive in', async (t, { store }, owner) => {
    await store.put(edges, edge(owner, 'x', 5));
    await store.put(edges, edge(owner, 'x', 4));
    t.is((await store.get(edges, { owner, target: 'x' }))?.revision, 5);
    await Promise.all([9, 7, 12, 8].map((revision) => store.put(edges, edge(owner, 'x', revision))));
    t.deepEqual(await store.get(edges, { owner, target: 'x' }), edge(owner, 'x', 12));
  });

  register('immutable: a repeated put and a repeated remove are fine', async (t, { store }, owner) => {
    const row = entry(owner, 'a', 1);
    await store.put(entries, row);
    await store.put(entries, row);
    t.deepEqual(await store.page(entries, row, { limit: 10 }), [row]);
    await store.remove(entries, row);
    await store.remove(entries, row);
    t.is(await store.get(entries, row), null);
  });

  register('fenced: of many claims at once one wins, and all learn who', async (t, { store }, name) => {
    const claim = (epoch: number): Lease => ({ name, holder: `h${epoch}`, epoch, details: null });
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map((epoch) => store.insertIfAbsent(leases, claim(epoch))));
    const winner = await store.get(leases, { name });
    t.is(outcomes.filter(({ inserted }) => inserted).length, 1);
    for (const outcome of outcomes) if (!outcome.inserted) t.deepEqual(outcome.existing, winner);
  });

  register('fenced: of many comparisons at once one wins', async (t, { store }, name) => {
    await store.insertIfAbsent(leases, { name, holder: null, epoch: 0, details: {} });
    const took = await Promise.all(
      ['a', 'b', 'c'].map((holder) =>
        store.compareAndPut(leases, { name, holder, epoch: 1, details: [holder] }, { holder: null, epoch: 0 }),
      ),
    );
    t.is(took.filter(Boolean).length, 1);
    t.is((await store.get(leases, { name }))?.epoch, 1);
  });

  register('fenced: what does not hold is neither replaced nor removed', async (t, { store }, name) => {
    const row: Lease = { name, holder: 'a', epoch: 1, details: 1 };
    t.false(await store.compareAndPut(leases, row, {}), 'there is no row');
    await store.insertIfAbsent(leases, row);
    t.false(await store.compareAndPut(leases, { ...row, holder: 'b' }, { holder: null }));
    t.false(await store.compareAndRemove(leases, { name }, { epoch: 2 }));
    t.deepEqual(await store.get(leases, { name }), row);
    t.true(await store.compareAndRemove(leases, { name }, { holder: 'a', epoch: 1 }));
    t.false(await store.compareAndRemove(leases, { name }, {}));
    t.true((await store.insertIfAbsent(leases, row)).inserted);
  });

  register('fenced: an expired row is free to be claimed, and cannot be compared', async (t, h, name) => {
    const row: Lease = { name, holder: 'a', epoch: 1, details: null };
    await h.store.insertIfAbsent(leases, row, { expiresAtMs: h.clock.now() + 2_000 });
    t.false((await h.store.insertIfAbsent(leases, row)).inserted);
    await h.advance(3_000);
    t.false(await h.store.compareAndPut(leases, row, {}));
    t.true((await h.store.insertIfAbsent(leases, { ...row, holder: 'b' })).inserted);
  });
}

function registerBatches(register: Register): void {
  register('a batch spans tables and partitions, puts and removes', async (t, { store }, owner) => {
    const old = entry(owner, 'old', 1);
    await store.put(entries, old);
    await store.batch([
      removeRow(entries, old),
      putRow(entries, entry(`${owner}-2`, 'new', 1)),
      putRow(edges, edge(owner, 'x', 2)),
    ]);
    t.is(await store.get(entries, old), null);
    t.not(await store.get(entries, entry(`${owner}-2`, 'new', 1)), null);
    t.not(await store.get(edges, { owner, target: 'x' }), null);
    await t.notThrowsAsync(store.batch([]));
  });

  register('writes that stand each on their own all arrive, over the bound of a batch', async (t, { store }, owner) => {
    const old = entry(owner, 'old', 1);
    await store.put(entries, old);
    const newer = edge(owner, 'x', 5);
    await store.put(edges, newer);
    const ids = Array.from({ length: limits.storeBatchMutations * 3 }, (_, id) => id);
    await store.writeAll([
      removeRow(entries, old),
      putRow(edges, edge(owner, 'x', 4)),
      ...ids.map((id) => putRow(notes, { owner: `${owner}-${id}`, id })),
    ]);
    t.is(await store.get(entries, old), null);
    t.deepEqual(await store.get(edges, { owner, target: 'x' }), newer, 'a lower revision loses here too');
    for (const id of ids)
      t.deepEqual(await store.get(notes, { owner: `${owner}-${id}`, id }), { owner: `${owner}-${id}`, id });
    await t.notThrowsAsync(store.writeAll([]));
    const tooMany = Array.from({ length: limits.storeWriteAllMutations + 1 }, (_, id) => putRow(notes, { owner, id }));
    await t.throwsAsync(store.writeAll(tooMany), { instanceOf: InvariantViolation });
  });

  register('many batches at once all arrive', async (t, { store }, owner) => {
    const ids = Array.from({ length: 50 }, (_, index) => index);
    const batchOf = (first: number) => store.batch(ids.map((id) => putRow(notes, { owner, id: first + id })));
    await Promise.all(ids.map((index) => batchOf(index * ids.length)));
    const rows = await store.page(notes, { owner }, { limit: 5_000 });
    t.is(rows.length, ids.length * ids.length);
  });
}

function registerMisuse(register: Register): void {
  const refused = async (t: ExecutionContext, act: Promise<unknown>, what: string) => {
    const error = await t.throwsAsync(act, undefined, what);
    t.true(error instanceof InvariantViolation, what);
  };

  register('writes against the discipline are programming errors', async (t, { store }, owner) => {
    const lease: Lease = { name: owner, holder: null, epoch: 0, details: null };
    await refused(t, store.put(leases, lease), 'put of fenced');
    await refused(t, store.remove(leases, lease), 'remove of fenced');
    await refused(t, store.remove(edges, edge(owner, 'x', 1)), 'remove of lww');
    await refused(t, store.insertIfAbsent(edges, edge(owner, 'x', 1)), 'insertIfAbsent of lww');
    await refused(t, store.compareAndPut(entries, entry(owner, 'a', 1), {}), 'compareAndPut of immutable');
    await refused(t, store.compareAndRemove(entries, entry(owner, 'a', 1), {}), 'compareAndRemove of immutable');
    await refused(t, store.batch([putRow(leases, lease)]), 'fenced in a batch');
    await refused(t, store.compareAndPut(leases, lease, { details: null }), 'json in a comparison');
  });

  register('a refused batch writes nothing', async (t, { store }, owner) => {
    const good = putRow(entries, entry(owner, 'a', 1));
    const many: Mutation[] = Array.from({ length: 101 }, (_, index) => putRow(entries, entry(owner, 'm', index)));
    await refused(t, store.batch(many), 'too many');
    await refused(t, store.batch([good, good]), 'one key twice');
    await refused(t, store.batch([good, putRow(entries, broken({ position: 1.5 }))]), 'a bad value');
    t.deepEqual(await store.page(entries, { owner, bucket: 7 }, { limit: 10 }), []);

    function broken(change: Partial<Record<keyof Entry, unknown>>): Entry {
      return { ...entry(owner, 'b', 1), ...change } as Entry;
    }
    for (const change of [
      { note: 5 },
      { flag: 1 },
      { weight: NaN },
      { label: null },
      { details: undefined },
      { more: 1 },
    ]) {
      await refused(t, store.put(entries, broken(change)), JSON.stringify(change));
    }
  });

  register('a text that an engine would change is refused', async (t, { store }, owner) => {
    for (const label of ['\ud800', 'a\u0000b']) {
      const error = await t.throwsAsync(store.put(entries, entry(owner, label, 1)), { instanceOf: Problem });
      t.is(error?.code, 'invalid-request');
    }
  });

  register('pages and keys are bounded', async (t, { store }, owner) => {
    const partition = { owner, bucket: 7 };
    await refused(t, store.page(entries, partition, { limit: limits.storePageRows + 1 }), 'limit');
    await refused(t, store.page(entries, partition, { limit: 1, from: ['a'], after: ['a'] }), 'from and after');
    await refused(t, store.page(entries, partition, { limit: 1, from: ['a', 1, 2] }), 'bound too long');
    await refused(t, store.page(entries, partition, { limit: 1, from: [] }), 'empty bound');
    const keys = Array.from({ length: 1001 }, (_, position) => entry(owner, 'a', position));
    await refused(t, store.getMany(entries, keys), 'keys');
  });
}

function short({ label, position }: Entry): string {
  return `${label}${position}`;
}

async function collect<Row>(rows: AsyncIterable<Row>, wanted: (row: Row) => boolean): Promise<Row[]> {
  const found: Row[] = [];
  for await (const row of rows) if (wanted(row)) found.push(row);
  return found;
}
