/** What only a real engine can show. Runs when ADAPTERS names `cql`. */
import { randomUUID } from 'node:crypto';
import test from 'ava';
import { type Clock, systemClock } from '../../../src/clock.ts';
import { Problem, StartRefusal } from '../../../src/errors.ts';
import { limits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/log.ts';
import { CqlSession } from '../../../src/storage/cql/cql-session.ts';
import { CqlStore } from '../../../src/storage/cql/cql-store.ts';
import { migrate } from '../../../src/storage/cql/migration.ts';
import { putRow } from '../../../src/storage/store.ts';
import { column, defineTable, type Table } from '../../../src/storage/table.ts';
import { whenNamed } from '../../conformance/adapters.ts';
import { CONFORMANCE_TABLES, entries, entry, type Lease, leases, notes } from '../../conformance/store-tables.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait-for.ts';
import { testEngine } from './test-engine.ts';

const engine = testEngine('engine');

function options(change: { clock?: Clock; tables?: readonly Table[]; keyspace?: string; version?: number } = {}) {
  const { clock = systemClock, tables = CONFORMANCE_TABLES, keyspace = engine.settings.keyspace, version = 1 } = change;
  return {
    ...engine,
    settings: { ...engine.settings, keyspace },
    clock,
    log: silentLogger,
    tables,
    schemaVersion: version,
  };
}

/** A clock that is that much behind. */
function behind(durationMs: number): Clock {
  return { ...systemClock, now: () => systemClock.now() - durationMs };
}

async function dropping(keyspace: string, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } finally {
    const session = await CqlSession.open(options(), null);
    await session.define(`DROP KEYSPACE IF EXISTS "${keyspace}"`);
    await session.close();
  }
}

function registerWrites(): void {
  test.serial('what a node has read it can remove, though its clock is behind the writer’s', async (t) => {
    const writer = await CqlStore.open(options());
    const remover = await CqlStore.open(options({ clock: behind(3_600_000) }));
    const row = entry(randomUUID(), 'a', 1);
    await writer.put(entries, row);
    t.deepEqual(await remover.get(entries, row), row);
    await remover.remove(entries, row);
    t.is(await writer.get(entries, row), null);
    // A put of the same node after its remove is a new one.
    await remover.put(entries, row);
    t.deepEqual(await writer.get(entries, row), row);
    await Promise.all([writer.close(), remover.close()]);
  });

  test.serial('the engine clears expired rows away by itself, an hour later', async (t) => {
    const store = await CqlStore.open(options());
    const owner = randomUUID();
    await store.put(notes, { owner, id: 1 }, { expiresAtMs: Math.floor(systemClock.now()) + 60_000 });
    const session = await CqlSession.open(options(), engine.settings.keyspace);
    const query = 'SELECT TTL(expires_at) AS left FROM conformance_notes WHERE owner = ? AND id = ?';
    const [found] = await session.execute({ query, parameters: [owner, 1n] });
    const left = Number(found?.['left']);
    t.true(left > limits.cqlClearanceSeconds && left <= limits.cqlClearanceSeconds + 60, String(left));
    await Promise.all([store.close(), session.close()]);
  });

  test.serial('a fenced row that got an expiry later can be claimed once it is over', async (t) => {
    const store = await CqlStore.open(options());
    const row: Lease = { name: randomUUID(), holder: 'a', epoch: 1, details: null };
    await store.insertIfAbsent(leases, row);
    t.true(await store.compareAndPut(leases, row, { epoch: 1 }, { expiresAtMs: Math.floor(systemClock.now()) - 1 }));
    t.is(await store.get(leases, row), null);
    const claims = await Promise.all(['b', 'c', 'd'].map((holder) => store.insertIfAbsent(leases, { ...row, holder })));
    t.is(claims.filter(({ inserted }) => inserted).length, 1);
    await store.close();
  });

  test.serial('the largest promised batches are taken: many small rows, and few large ones', async (t) => {
    const store = await CqlStore.open(options());
    const sizes = [limits.storeBatchMutations, 10, 2];
    for (const count of sizes) {
      const text = 'x'.repeat(Math.floor(limits.storeBatchBytes / count) - 250);
      const rows = Array.from({ length: count }, (_, index) => ({ ...entry(randomUUID(), 'a', index), note: text }));
      await t.notThrowsAsync(store.batch(rows.map((row) => putRow(entries, row))), `${count} rows`);
    }
    const beyond = { ...entry(randomUUID(), 'a', 1), note: 'x'.repeat(limits.storeBatchBytes) };
    const error = await t.throwsAsync(store.batch([putRow(entries, beyond)]), { instanceOf: Problem });
    t.is(error?.code, 'payload-too-large');
    await store.close();
  });
}

function registerFaults(): void {
  test.serial('a frozen engine is a timeout, a cut one is unavailable, both in bounded time', async (t) => {
    const [host = '', port] = (engine.settings.contactPoints[0] ?? '').split(':');
    const proxy = await TcpProxy.open({ host, port: Number(port ?? 9042) });
    const settings = { ...engine.settings, contactPoints: [`127.0.0.1:${proxy.port}`] };
    const store = await CqlStore.open({ ...options(), settings });
    const row = entry(randomUUID(), 'a', 1);
    await store.put(entries, row);
    proxy.freeze();
    const began = systemClock.monotonic();
    const frozen = await t.throwsAsync(store.put(entries, row), { instanceOf: Problem });
    t.is(frozen?.code, 'timeout');
    t.true(systemClock.monotonic() - began < limits.cqlRequestMs + 2_000);
    proxy.thaw();
    const answers = (): Promise<boolean> =>
      store.ping().then(
        () => true,
        () => false,
      );
    await waitFor('the thawed engine to be asked again', answers, limits.cqlHeartbeatMs + limits.cqlRequestMs);
    await proxy.cut();
    const away = await t.throwsAsync(store.get(entries, row), { instanceOf: Problem });
    t.is(away?.code, 'unavailable');
    await t.throwsAsync(store.ping(), { instanceOf: Problem });
    await store.close();
    const closed = await t.throwsAsync(store.ping(), { instanceOf: Problem });
    t.is(closed?.code, 'unavailable');
  });
}

function registerMigrations(): void {
  const things = (columns: Table['columns'], partitionKey = ['id']): Table =>
    defineTable({ name: 'things', columns, partitionKey, discipline: 'immutable' });
  const id = column.text();

  test.serial('three nodes at once make one schema, and one of them has made it', async (t) => {
    const keyspace = `shutterline_three_${randomUUID().slice(0, 8)}`;
    await dropping(keyspace, async () => {
      const reports = await Promise.all([1, 2, 3].map(() => migrate(options({ keyspace }))));
      t.is(reports.filter(({ statements }) => statements.length > 0).length, 1);
      const store = await CqlStore.open(options({ keyspace }));
      await t.notThrowsAsync(store.ping());
      await store.close();
    });
  });

  test.serial(
    'columns are added, old rows read as empty there; other changes and newer schemas are refused',
    async (t) => {
      const keyspace = `shutterline_upgrade_${randomUUID().slice(0, 8)}`;
      await dropping(keyspace, async () => {
        const before = things({ id });
        const first = await CqlStore.open(options({ keyspace, tables: [before] }));
        await first.put(before, { id: 'a' });
        await first.close();
        const after = things({
          id,
          count: column.integer(),
          name: column.text(),
          more: column.nullable(column.text()),
        });
        const report = await migrate(options({ keyspace, tables: [after], version: 2 }));
        t.deepEqual([report.from, report.to, report.statements.length], [1, 2, 3]);
        const second = await CqlStore.open(options({ keyspace, tables: [after], version: 2 }));
        t.deepEqual(await second.get(after, { id: 'a' }), { id: 'a', count: 0, name: '', more: null });
        await second.close();
        const refused = async (tables: readonly Table[], version: number, reason: RegExp) => {
          const error = await t.throwsAsync(migrate(options({ keyspace, tables, version })), {
            instanceOf: StartRefusal,
          });
          t.regex(error?.message ?? '', reason);
        };
        await refused([before], 1, /newer release \(schema 2; this release knows 1\)/);
        await refused([things({ id })], 3, /no longer declared/);
        await refused([things({ ...after.columns, count: column.text() })], 3, /type of column count/);
        await refused([things(after.columns, ['id', 'name'])], 3, /its key/);
      });
    },
  );
}

whenNamed('cql', () => {
  registerWrites();
  registerFaults();
  registerMigrations();
});
