import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { StartRefusal } from '../../../src/errors.ts';
import { silentLogger } from '../../../src/log.ts';
import { EmbeddedStore } from '../../../src/storage/embedded/embedded-store.ts';
import { SCHEMA_VERSION, TABLES } from '../../../src/storage/schema.ts';
import { column, defineTable, type Table } from '../../../src/storage/table.ts';
import { TableLayout } from '../../../src/storage/table-layout.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function open(directory: string, tables: readonly Table[], schemaVersion = 1): Promise<EmbeddedStore> {
  return EmbeddedStore.open({ directory, clock: new ManualClock(), log: silentLogger, tables, schemaVersion });
}

const first = defineTable({
  name: 'things',
  columns: { id: column.text(), name: column.text() },
  partitionKey: ['id'],
  discipline: 'immutable',
});

const second = defineTable({
  name: 'things',
  columns: {
    id: column.text(),
    name: column.text(),
    size: column.integer(),
    flag: column.boolean(),
    label: column.text(),
    note: column.nullable(column.text()),
    details: column.json<unknown>(),
  },
  partitionKey: ['id'],
  discipline: 'immutable',
});

const more = defineTable({
  name: 'more_things',
  columns: { id: column.text() },
  partitionKey: ['id'],
  discipline: 'immutable',
});

test('an older database gets new tables and columns, and keeps its rows', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const older = await open(folder.path, [first], 1);
  await older.put(first, { id: 'a', name: 'kept' });
  await older.close();

  const newer = await open(folder.path, [second, more], 2);
  const filled = { id: 'a', name: 'kept', size: 0, flag: false, label: '', note: null, details: null };
  t.deepEqual(await newer.get(second, { id: 'a' }), filled);
  await newer.put(second, { ...filled, id: 'b', size: 5, details: { x: 1 } });
  await newer.put(more, { id: 'c' });
  t.is((await newer.get(second, { id: 'b' }))?.size, 5);
  await newer.close();
});

test('a database of a newer release is refused, with what to do', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  await (await open(folder.path, [first], 3)).close();
  const error = await t.throwsAsync(open(folder.path, [first], 2), { instanceOf: StartRefusal });
  t.regex(error?.message ?? '', /newer release \(schema 3; this release knows 2\)/);
  await (await open(folder.path, [first], 3)).close();
});

test('what cannot be upgraded automatically is refused and left as it was', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  await (await open(folder.path, [second])).close();
  const changes: [Table, RegExp][] = [
    [first, /no longer declared/],
    [{ ...second, partitionKey: ['name'] }, /its key/],
    [{ ...second, columns: { ...second.columns, size: column.text() } }, /type of column size/],
    [{ ...second, columns: { ...second.columns, note: column.text() } }, /type of column note/],
  ];
  for (const [table, reason] of changes) {
    await t.throwsAsync(open(folder.path, [more, table], 2), { instanceOf: StartRefusal, message: reason });
  }
  await (await open(folder.path, [second], 1)).close();
});

test('a file that is not a database of ours is refused', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const foreign = new DatabaseSync(join(folder.path, 'shutterline.db'));
  foreign.exec('CREATE TABLE theirs (x)');
  foreign.close();
  await t.throwsAsync(open(folder.path, [first]), { instanceOf: StartRefusal, message: /not a Shutterline database/ });
  const garbage = await temporaryFolder();
  t.teardown(garbage.remove);
  await writeFile(join(garbage.path, 'shutterline.db'), 'not a database at all'.repeat(100));
  await t.throwsAsync(open(garbage.path, [first]), { message: /not a database/ });
});

test('a data folder belongs to one process, which the refusal names', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const store = await open(folder.path, [first]);
  await t.throwsAsync(open(folder.path, [first]), {
    instanceOf: StartRefusal,
    message: new RegExp(`in use by process ${process.pid}\\.`),
  });
  await store.close();
  await (await open(folder.path, [first])).close();
});

test('the lock of a killed process is free at once, and what it had acknowledged is there', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'test/storage/embedded/endless-writer.ts', folder.path],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  t.teardown(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout as AsyncIterable<string>) {
    if (said === '') {
      await t.throwsAsync(open(folder.path, [first]), { message: new RegExp(`process ${child.pid}\\.`) });
    }
    said += text;
    if (said.split('\n').length > 200) child.kill('SIGKILL');
  }
  if (child.signalCode === null) await once(child, 'exit');
  t.is(child.signalCode, 'SIGKILL');

  const store = await open(folder.path, [first]);
  // The last line may be cut: it was not told whole.
  const acknowledged = said.split('\n').slice(0, -1);
  t.true(acknowledged.length >= 200);
  for (const batch of acknowledged) {
    const rows = await store.getMany(
      first,
      [0, 1, 2].map((part) => ({ id: `${batch}.${part}` })),
    );
    t.false(rows.includes(null), batch);
  }
  // A batch that was not acknowledged is there whole or not at all.
  const parts = new Map<string, number>();
  for await (const { id } of store.scan(first)) {
    const batch = id.slice(0, id.indexOf('.'));
    parts.set(batch, (parts.get(batch) ?? 0) + 1);
  }
  t.deepEqual(new Set(parts.values()), new Set([3]));
  await store.close();
});

test('the tables of the product open, each with a layout of its own', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  t.is(new Set(TABLES.map(({ name }) => name)).size, TABLES.length);
  for (const table of TABLES) t.notThrows(() => new TableLayout(table));
  const store = await open(folder.path, TABLES, SCHEMA_VERSION);
  await store.ping();
  await store.close();
});
