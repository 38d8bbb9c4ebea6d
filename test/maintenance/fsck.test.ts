import anyTest, { type TestFn } from 'ava';
import { checkInstallation, openInstallation } from '../../src/compose/maintenance.ts';
import { composeId, type ActivityId, type OutboxId, type PublishId } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';
import type { FindingKind } from '../../src/maintenance/fsck/check.ts';
import { type FsckReport, leftWrong } from '../../src/maintenance/fsck/fsck.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import { minuteOf } from '../../src/storage/buckets.ts';
import { likeBucket } from '../../src/storage/repositories/edge-batches.ts';
import type { Store } from '../../src/storage/store.ts';
import { likesByPost } from '../../src/storage/tables/engagement.ts';
import { counters, follows } from '../../src/storage/tables/graph.ts';
import { outbox, sweepMarks } from '../../src/storage/tables/operations.ts';
import { media, postsByAuthor } from '../../src/storage/tables/posts.ts';
import { timeline } from '../../src/storage/tables/timeline.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';
import { basicsOf, copyOf, isIdle, openServer, settleTown, type SmallTown } from './small-town.ts';

const test = anyTest as TestFn<{ folder: TemporaryFolder; town: SmallTown }>;
let shared: { folder: TemporaryFolder; town: SmallTown } | null = null;

test.before(async () => {
  const folder = await temporaryFolder();
  shared = { folder, town: await settleTown(folder.path) };
});
test.beforeEach((t) => {
  if (shared !== null) t.context = shared;
});
test.after.always(() => shared?.folder.remove());

interface Place {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly town: SmallTown;
}

async function damage(dataDir: string, town: SmallTown, act: (place: Place) => Promise<void>): Promise<void> {
  const place = await openInstallation(basicsOf(dataDir), { mayBeNew: false });
  await act({ ...place, town });
  await place.close();
}

/** The kinds of which something was found. */
function kindsIn(report: FsckReport): string[] {
  return Object.entries(report).flatMap(([kind, { found }]) => (found > 0 ? [kind] : []));
}

async function firstRow<Row>(rows: AsyncIterable<Row>, wanted: (row: Row) => boolean): Promise<Row> {
  for await (const row of rows) if (wanted(row)) return row;
  throw new Error('there is no such row');
}

async function lowestListed({ store, town }: Place) {
  return firstRow(store.scan(postsByAuthor), (row) => row.authorId === town.author && row.postId === town.livePost);
}

const DAMAGES: readonly {
  readonly name: string;
  readonly kind: FindingKind;
  readonly act: (place: Place) => Promise<void>;
}[] = [
  {
    name: 'a blob that belongs to nothing',
    kind: 'orphan-blob',
    async act({ blobs }) {
      const key = `${composeId(Date.now(), 1, 1)}/${'a'.repeat(26)}/640.jpg`;
      const content = (async function* () {
        yield Buffer.from('left over');
      })();
      await blobs.writeTemporary(key, content, { contentType: 'image/jpeg', bytesMax: 100 });
      await blobs.promote(key);
    },
  },
  {
    name: 'a photograph that was taken away',
    kind: 'dangling-reference',
    async act({ store, blobs, town }) {
      const row = await firstRow(store.scan(media), (each) => each.postId === town.livePost);
      const [first] = row.renditions;
      await blobs.remove(first?.blobKey ?? '');
    },
  },
  {
    name: 'every size of a photograph taken away',
    kind: 'dangling-reference',
    async act({ store, blobs, town }) {
      const row = await firstRow(store.scan(media), (each) => each.postId === town.livePost);
      for (const { blobKey } of row.renditions) await blobs.remove(blobKey);
    },
  },
  {
    name: 'a deleted post in a timeline',
    kind: 'timeline-row',
    async act({ store, town }) {
      const publishId = composeId<PublishId>(Date.now(), 1, 1);
      await store.put(timeline, { userId: town.fan, publishId, postId: town.deletedPost, authorId: town.author });
    },
  },
  {
    name: 'a post that is missing from its author’s list',
    kind: 'author-list',
    async act(place) {
      await place.store.remove(postsByAuthor, await lowestListed(place));
    },
  },
  {
    name: 'a deleted post on its author’s list',
    kind: 'author-list',
    async act(place) {
      const row = await lowestListed(place);
      const publishId = composeId<PublishId>(Date.now(), 1, 1);
      await place.store.put(postsByAuthor, { ...row, publishId, postId: place.town.deletedPost });
    },
  },
  {
    name: 'a follow that only one side knows of',
    kind: 'follow-edge',
    async act({ store, town }) {
      const row = await firstRow(store.scan(follows), (each) => each.followerId === town.fan);
      await store.put(follows, { ...row, state: 'gone', revision: row.revision + 1 });
    },
  },
  {
    name: 'a like that only one side knows of',
    kind: 'like-edge',
    async act({ store, town }) {
      const key = { postId: town.livePost, bucket: likeBucket(town.author), userId: town.author };
      await store.put(likesByPost, { ...key, state: 'active', likedAtMs: Date.now(), revision: Date.now() * 1000 });
    },
  },
  {
    name: 'a count that is off',
    kind: 'counter',
    async act({ store, town }) {
      const row = await firstRow(store.scan(counters), ({ subject }) => subject === `post:${town.livePost}`);
      await store.put(counters, { ...row, value: row.value + 7, revision: row.revision + 1 });
    },
  },
];

test('a lived-in installation is clean', async (t) => {
  const folder = await copyOf(t.context.town);
  const report = await checkInstallation(basicsOf(folder.path), { repair: false });
  t.deepEqual(kindsIn(report), []);
  t.true(Object.entries(report).every(([kind, { examined }]) => examined > 0 || kind === 'outbox-overdue'));
  await folder.remove();
});

for (const { name, kind, act } of DAMAGES) {
  test(`${name} is found, left alone by a dry run, and mended`, async (t) => {
    const folder = await copyOf(t.context.town);
    const basics = basicsOf(folder.path);
    await damage(folder.path, t.context.town, act);
    const first = await checkInstallation(basics, { repair: false });
    t.true(kindsIn(first).includes(kind), JSON.stringify(first));
    t.deepEqual(await checkInstallation(basics, { repair: false }), first);
    const repaired = await checkInstallation(basics, { repair: true });
    t.is(leftWrong(repaired), 0, JSON.stringify(repaired));
    t.deepEqual(kindsIn(await checkInstallation(basics, { repair: true })), []);
    await folder.remove();
  });
}

test('work that nobody would look for again is found, and done by the next server', async (t) => {
  const { town } = t.context;
  const folder = await copyOf(town);
  const basics = basicsOf(folder.path);
  const writtenAtMs = Date.now() - 10 * limits.outboxOverdueMs;
  await damage(folder.path, town, async ({ store }) => {
    const outboxId = composeId<OutboxId>(writtenAtMs, 1, 1);
    const activityId = composeId<ActivityId>(writtenAtMs, 1, 2);
    const activity = { kind: 'like.removed', postId: town.livePost, userId: town.fan, authorId: town.author } as const;
    const row = { shard: 0, minute: minuteOf(writtenAtMs), outboxId, activityId, activity };
    await store.put(outbox, { ...row, consumer: 'counters' });
    const mark = await store.get(sweepMarks, { shard: 0 });
    await store.put(sweepMarks, { shard: 0, minute: minuteOf(Date.now()), revision: (mark?.revision ?? 0) + 1 });
  });
  t.deepEqual(kindsIn(await checkInstallation(basics, { repair: true })), ['outbox-overdue']);
  const server = await openServer(folder.path);
  await waitFor('the work being done', () => isIdle(server.store));
  await server.application.close();
  t.deepEqual(kindsIn(await checkInstallation(basics, { repair: false })), []);
  await folder.remove();
});

test('an installation that a server is using is not touched, and the message says who has it', async (t) => {
  const folder = await copyOf(t.context.town);
  const server = await openServer(folder.path);
  await t.throwsAsync(checkInstallation(basicsOf(folder.path), { repair: true }), { message: /is in use by process/ });
  await server.application.close();
  await folder.remove();
});

test('a folder without an installation is refused, not filled', async (t) => {
  const folder = await temporaryFolder();
  await t.throwsAsync(checkInstallation(basicsOf(folder.path), { repair: false }), { message: /no installation in/ });
  await folder.remove();
});
