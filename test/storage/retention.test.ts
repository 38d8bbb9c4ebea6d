import test from 'ava';
import { IdSource, RevisionSource, type UserId } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/log.ts';
import { recordActivity } from '../../src/storage/activity.ts';
import { EmbeddedStore } from '../../src/storage/embedded/embedded-store.ts';
import { MemoryStore } from '../../src/storage/memory/memory-store.ts';
import { OutboxRows } from '../../src/storage/repositories/outbox.ts';
import { SCHEMA_VERSION, TABLES } from '../../src/storage/schema.ts';
import { type Store } from '../../src/storage/store.ts';
import type { Table } from '../../src/storage/table.ts';
import { activities, outbox, outboxParked } from '../../src/storage/tables/operations.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What stays, and why it cannot grow without people making more of it. */
const KEPT: Readonly<Record<string, string>> = {
  users: 'one per account',
  claims: 'two per account',
  credentials: 'one per account',
  posts: 'people’s own; deleted ones and drafts that were given up expire',
  posts_by_author: 'one per live post',
  media: 'of posts and avatars; what is gone expires',
  likes_by_post: 'people’s own; what was taken back expires',
  likes_by_user: 'the same likes',
  comments: 'people’s own; deleted ones expire',
  follows: 'at most followingMax per account; what was taken back expires',
  followers: 'the same edges',
  notification_marks: 'one per account',
  pull_authors: 'at most pullAuthorsMax',
  author_delivery: 'one per author who was pulled',
  counters: 'five per account or post',
  sweep_marks: 'one per shard',
  node_slots: 'one per node',
};

test('every table has an end for its rows, or a reason why they stay', (t) => {
  const kept = TABLES.filter((table) => table.retentionMs === null).map((table) => table.name);
  t.deepEqual(kept.sort(), Object.keys(KEPT).sort());
});

async function rowsOf(store: Store, table: Table): Promise<number> {
  let rows = 0;
  for await (const _ of store.scan(table)) rows++;
  return rows;
}

async function recordsEnd(open: (clock: ManualClock) => Promise<Store>): Promise<readonly (readonly number[])[]> {
  const clock = new ManualClock();
  const store = await open(clock);
  const ids = new IdSource(clock, 1);
  const userId = ids.next<UserId>();
  const recorded = recordActivity(ids, { kind: 'follow.created', followerId: userId, followedId: userId }, userId);
  await store.batch(recorded.mutations);
  const [entry] = recorded.entries;
  if (entry !== undefined) {
    await new OutboxRows(store, new RevisionSource(clock)).park(entry, 'it cannot be done', clock.now());
  }
  const counts = async () => Promise.all([activities, outbox, outboxParked].map((table) => rowsOf(store, table)));
  const seen = [await counts()];
  clock.advance(limits.outboxRetentionMs);
  seen.push(await counts());
  clock.advance(limits.activityRetentionMs - limits.outboxRetentionMs);
  seen.push(await counts());
  await store.close();
  return seen;
}

test('activities, and work that waits or was given up, come to an end, in memory and on disk', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(() => folder.remove());
  const expected = [
    [1, 2, 1],
    [1, 2, 0],
    [0, 0, 0],
  ];
  t.deepEqual(await recordsEnd(async (clock) => new MemoryStore({ clock })), expected);
  const parts = { directory: folder.path, log: silentLogger, tables: TABLES, schemaVersion: SCHEMA_VERSION };
  t.deepEqual(await recordsEnd((clock) => EmbeddedStore.open({ ...parts, clock })), expected);
});
