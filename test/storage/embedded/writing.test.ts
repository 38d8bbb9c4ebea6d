import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { nextTurn } from '../../../src/clock.ts';
import { InvariantViolation, Problem } from '../../../src/errors.ts';
import { limits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/log.ts';
import { EmbeddedStore, startWriterThread } from '../../../src/storage/embedded/embedded-store.ts';
import { GroupWriter } from '../../../src/storage/embedded/group-writer.ts';
import { upgradeSchema } from '../../../src/storage/embedded/schema-upgrade.ts';
import { DATABASE_FILE } from '../../../src/storage/embedded/sqlite.ts';
import { TableSql } from '../../../src/storage/embedded/table-sql.ts';
import { packWrites, type PlainWrite, type WriteRequest } from '../../../src/storage/embedded/write-protocol.ts';
import { putRow } from '../../../src/storage/store.ts';
import { checkRange } from '../../../src/storage/store-rules.ts';
import { column, defineTable } from '../../../src/storage/table.ts';
import { TableLayout } from '../../../src/storage/table-layout.ts';
import { edges, entries, notes } from '../../conformance/store-tables.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { waitFor } from '../../support/wait-for.ts';

async function openStore(t: ExecutionContext) {
  const folder = await temporaryFolder();
  const clock = new ManualClock();
  const threads: Worker[] = [];
  const store = await EmbeddedStore.open({
    directory: folder.path,
    clock,
    log: silentLogger,
    tables: [notes, entries, edges],
    schemaVersion: 1,
    startThread(data) {
      const thread = startWriterThread(data);
      threads.push(thread);
      return thread;
    },
  });
  t.teardown(() => store.close().then(() => folder.remove()));
  return { store, clock, threads, path: join(folder.path, DATABASE_FILE) };
}

function codes(outcomes: readonly PromiseSettledResult<unknown>[]): string[] {
  return outcomes.map((outcome) => {
    if (outcome.status === 'fulfilled') return 'written';
    return outcome.reason instanceof Problem ? outcome.reason.code : String(outcome.reason);
  });
}

test('when the writer dies, waiting writes are unavailable, reads go on, and a new writer takes over', async (t) => {
  const { store, clock, threads } = await openStore(t);
  await store.put(notes, { owner: 'a', id: 0 });
  const waiting = Promise.allSettled([1, 2, 3].map((id) => store.put(notes, { owner: 'a', id })));
  await threads[0]?.terminate();
  for (const code of codes(await waiting)) t.true(['written', 'unavailable'].includes(code), code);
  t.not(await store.get(notes, { owner: 'a', id: 0 }), null);
  await t.throwsAsync(store.put(notes, { owner: 'a', id: 4 }), { message: /^unavailable/ });

  clock.advance(limits.writerRestartCapMs);
  t.is(threads.length, 2);
  await waitFor('the new writer', () =>
    store.put(notes, { owner: 'a', id: 5 }).then(
      () => true,
      () => false,
    ),
  );
  t.not(await store.get(notes, { owner: 'a', id: 5 }), null);
});

test('the queue to the writer is bounded: more is overloaded, and what was accepted is written', async (t) => {
  const { store } = await openStore(t);
  const over = 7;
  const puts = Array.from({ length: limits.writerQueueWrites + over }, (_, id) => store.put(notes, { owner: 'a', id }));
  const outcomes = codes(await Promise.allSettled(puts));
  t.is(outcomes.filter((code) => code === 'overloaded').length, over);
  t.is(outcomes.filter((code) => code === 'written').length, limits.writerQueueWrites);
  await t.notThrowsAsync(store.ping());
});

test('waiting batches are bounded by their rows as well', async (t) => {
  const { store } = await openStore(t);
  const batch = (first: number) =>
    store.batch(Array.from({ length: 100 }, (_, id) => putRow(notes, { owner: 'a', id: first + id })));
  const outcomes = codes(await Promise.allSettled(Array.from({ length: 510 }, (_, index) => batch(index * 100))));
  t.is(outcomes.filter((code) => code === 'written').length, limits.writerQueueMutations / 100);
  t.is(outcomes.filter((code) => code === 'overloaded').length, 10);
});

test('close writes what was accepted, and afterwards the store is unavailable', async (t) => {
  const { store, path } = await openStore(t);
  const accepted = Promise.all([1, 2, 3].map((id) => store.put(notes, { owner: 'a', id })));
  await store.close();
  await accepted;
  t.is(count(path), 3);
  for (const act of [store.put(notes, { owner: 'a', id: 9 }), store.get(notes, { owner: 'a', id: 1 }), store.ping()]) {
    await t.throwsAsync(act, { message: /closed/ });
  }
});

test('expired rows leave the disk, a bounded number at a time, and the others stay', async (t) => {
  const { store, clock, path } = await openStore(t);
  const rows = 2 * limits.sweepRows;
  const puts = Array.from({ length: rows }, (_, id) =>
    store.put(notes, { owner: 'a', id }, { expiresAtMs: clock.now() + (id % 2 === 0 ? 1_000 : 3_600_000) }),
  );
  await Promise.all(puts);
  t.is(count(path), rows);
  let fewest = rows;
  await waitFor('the sweep', async () => {
    clock.advance(limits.sweepPeriodMs);
    await store.ping();
    await nextTurn();
    const now = count(path);
    t.true(fewest - now <= limits.sweepRows);
    fewest = now;
    return now === rows / 2;
  });
  t.is((await store.page(notes, { owner: 'a' }, { limit: 5_000 })).length, rows / 2);
});

test('a table that was not given to open is a programming error', async (t) => {
  const { store } = await openStore(t);
  const other = defineTable({
    name: 'other',
    columns: { id: column.text() },
    partitionKey: ['id'],
    discipline: 'immutable',
  });
  await t.throwsAsync(store.put(other, { id: 'a' }), { instanceOf: InvariantViolation });
  await t.throwsAsync(store.get(other, { id: 'a' }), { instanceOf: InvariantViolation });
});

function count(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(database.prepare('SELECT count(*) AS n FROM conformance_notes').get()?.['n']);
  } finally {
    database.close();
  }
}

function inMemory(): { database: DatabaseSync; writer: GroupWriter } {
  const database = new DatabaseSync(':memory:');
  const tables = [notes, edges, entries].map((table) => new TableSql(new TableLayout(table)));
  upgradeSchema(database, tables, 1);
  return { database, writer: new GroupWriter(database, tables) };
}

function notesOf(first: number, size: number, text = 'a'): WriteRequest {
  const writes = Array.from(
    { length: size },
    (_, index): PlainWrite => ({ kind: 'put', table: 0, cells: [text, first + index], expiresAtMs: null }),
  );
  return { kind: 'plain', writes: packWrites(writes), nowMs: 0 };
}

test('one write that the engine refuses fails alone and whole', (t) => {
  const { database, writer } = inMemory();
  const worse = packWrites([
    { kind: 'put', table: 0, cells: ['a', 10], expiresAtMs: null },
    { kind: 'put', table: 0, cells: [null, 5], expiresAtMs: null },
  ]);
  const results = writer.write([notesOf(0, 2), { kind: 'plain', writes: worse, nowMs: 0 }, notesOf(20, 2)]);
  t.deepEqual(
    results.map(({ ok }) => ok),
    [true, false, true],
  );
  const ids = database.prepare('SELECT id FROM conformance_notes ORDER BY id').all();
  t.deepEqual(
    ids.map((row) => row['id']),
    [0, 1, 20, 21],
  );
});

test('a group holds puts and removals of several tables, in their order', (t) => {
  const { database, writer } = inMemory();
  const writes = packWrites([
    { kind: 'put', table: 0, cells: ['a', 1], expiresAtMs: 500 },
    { kind: 'put', table: 1, cells: ['a', 'b', 'active', 7], expiresAtMs: null },
    { kind: 'remove', table: 0, key: ['a', 1] },
    { kind: 'put', table: 0, cells: ['a', 2], expiresAtMs: 600 },
    { kind: 'put', table: 1, cells: ['a', 'b', 'gone', 6], expiresAtMs: null },
  ]);
  t.true(writer.write([{ kind: 'plain', writes, nowMs: 0 }])[0]?.ok);
  const found = database.prepare('SELECT id, expires_at FROM conformance_notes').all();
  t.deepEqual(
    found.map((row) => [row['id'], row['expires_at']]),
    [[2, 600]],
  );
  t.deepEqual(
    database
      .prepare('SELECT revision FROM conformance_edges')
      .all()
      .map((row) => row['revision']),
    [7],
    'the higher revision stays',
  );
});

test('a full disk fails writes cleanly, and writing goes on once there is room', (t) => {
  const { database, writer } = inMemory();
  const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
  database.exec(`PRAGMA max_page_count = ${pages + 3}`);
  t.true(writer.write([notesOf(0, 5)])[0]?.ok);
  const full = writer.write([notesOf(100, 50, 'x'.repeat(2_000))]);
  t.false(full[0]?.ok);
  t.false(database.isTransaction);
  t.is(database.prepare('SELECT count(*) AS n FROM conformance_notes').get()?.['n'], 5);
  database.exec('PRAGMA max_page_count = 100000');
  t.true(writer.write([notesOf(100, 50, 'x'.repeat(2_000))])[0]?.ok);
});

test('pages are read along the primary key, never sorted', (t) => {
  const { database } = inMemory();
  const layout = new TableLayout(entries);
  const sql = new TableSql(layout);
  const ranges = [
    { limit: 5 },
    { limit: 5, reversed: true },
    { limit: 5, after: ['a', 1], until: ['b'] },
    { limit: 5, from: ['a'], reversed: true },
  ];
  for (const range of ranges) {
    const checked = checkRange(layout, range);
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql.page(checked)}`).all();
    const detail = plan.map((row) => row['detail']).join('; ');
    t.regex(detail, /^SEARCH conformance_entries USING PRIMARY KEY \(owner=\? AND bucket=\?/);
    t.notRegex(detail, /TEMP B-TREE/);
    if ('after' in range || 'from' in range) t.regex(detail, /label|>|</, detail);
  }
});
