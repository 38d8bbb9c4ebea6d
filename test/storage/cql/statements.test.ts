import { readFile, writeFile } from 'node:fs/promises';
import test from 'ava';
import { limits } from '../../../src/limits.ts';
import { TABLES } from '../../../src/storage/schema.ts';
import { repositoryFiles } from '../../architecture/source-files.ts';
import { everyStatement } from './every-statement.ts';

const SNAPSHOT = 'test/storage/statements.snapshot';

/** Cassandra's default `batch_size_fail_threshold`. */
const BATCH_FAILS_AT_BYTES = 50 * 1024;

/** Columns that spread what grows with time or fame over partitions. */
const BUCKETS = new Set(['bucket', 'shard', 'month', 'day', 'hour', 'minute']);

/** Partitions that need no bucket, and what bounds them. */
const BOUNDED_BY: Readonly<Record<string, string>> = {
  sessions_by_user: `${limits.signedInDevicesMax} devices`,
  follows: `${limits.followingMax} followed, and those unfollowed within the retention of removals`,
  pull_authors: `${limits.pullAuthorsMax} authors`,
  counters: 'five names',
  timeline: `${limits.timelineRetentionMs} ms of what the followed authors publish`,
  outbox_parked: `${limits.outboxRetentionMs} ms of what workers gave up on`,
};

test('every statement the product can run is the listed one', async (t) => {
  const listed = everyStatement()
    .map(({ act, query }) => `-- ${act}\n${query};\n`)
    .join('');
  if (process.env['UPDATE_SNAPSHOTS'] === '1') await writeFile(SNAPSHOT, listed);
  t.is(await readFile(SNAPSHOT, 'utf8'), listed, 'after an intended change: UPDATE_SNAPSHOTS=1');
});

test('statements are written in two files only, so that the list is complete', (t) => {
  const cql = /['"`](?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER TABLE|BEGIN|TRUNCATE|DROP)\s/;
  const homes = ['src/storage/cql/table-cql.ts', 'src/storage/cql/migration-statements.ts'];
  const files = repositoryFiles('src/storage/cql/*.ts').filter(({ text }) => cql.test(text));
  t.deepEqual(files.map(({ path }) => path).sort(), homes.toSorted());
});

test('no statement filters, uses an index or a view, or reads across partitions', (t) => {
  for (const { act, query } of everyStatement()) {
    t.notRegex(query, /ALLOW FILTERING|MATERIALIZED VIEW|CREATE (?:CUSTOM )?INDEX|TRUNCATE|DROP|BATCH/, query);
    if (!query.startsWith('SELECT') || act.startsWith('migrate') || act.startsWith('scan')) continue;
    const table = TABLES.find(({ name }) => query.includes(` FROM "${name}" `));
    for (const key of table?.partitionKey ?? []) t.regex(query, new RegExp(`"${key}" = \\?`), query);
    if (act === 'page') t.regex(query, /LIMIT \?$/);
  }
});

test('every partition is bounded, by a bucket or by a stated limit', (t) => {
  const unbounded = TABLES.filter(({ clusteringKey }) => clusteringKey.length > 0)
    .filter(({ partitionKey }) => !partitionKey.some((column) => BUCKETS.has(column)))
    .map(({ name }) => name);
  t.deepEqual(unbounded.sort(), Object.keys(BOUNDED_BY).sort());
});

test('the largest promised batch is below what Cassandra refuses', (t) => {
  t.true(limits.storeBatchBytes < BATCH_FAILS_AT_BYTES);
});
