import test from 'ava';
import { PostCache } from '../../../src/actors/posts/post-cache.ts';
import { nextTurn } from '../../../src/clock.ts';
import { IdSource, type PostId } from '../../../src/ids.ts';
import type { PostRecord, PostRows } from '../../../src/storage/repositories/posts.ts';
import { ManualClock } from '../manual-clock.ts';
import { postWorld } from '../post-world.ts';

/** Rows whose reads end when the test says so, with what the test says. */
async function heldRows() {
  const world = await postWorld();
  const [record] = await world.rows.records([(await world.publish(world.user())).id]);
  const reads: { postIds: readonly PostId[]; end: (record: PostRecord | null) => void; fail: () => void }[] = [];
  const rows: Pick<PostRows, 'records'> = {
    records: (postIds) =>
      new Promise((resolve, reject) => {
        const end = (one: PostRecord | null) => resolve(postIds.map(() => one));
        reads.push({ postIds, end, fail: () => reject(new Error('away')) });
      }),
  };
  return { rows: rows as PostRows, reads, record: record as PostRecord };
}

const ids = new IdSource(new ManualClock(), 1);

test('one read serves all who ask at once, and those who ask later', async (t) => {
  const { rows, reads, record } = await heldRows();
  const cache = new PostCache(rows);
  const postId = ids.next<PostId>();
  const asking = Promise.all([cache.one(postId), cache.one(postId), cache.many([postId, postId])]);
  reads[0]?.end(record);
  t.deepEqual(await asking, [record, record, [record, record]]);
  t.is(await cache.one(postId), record);
  t.is(reads.length, 1);
});

test('what was read before a change is not kept after it', async (t) => {
  const { rows, reads, record } = await heldRows();
  const cache = new PostCache(rows);
  const postId = ids.next<PostId>();
  const before = cache.one(postId);
  cache.invalidate(postId);
  const after = cache.one(postId);
  const newer = { ...record, post: { ...record.post, version: record.post.version + 1 } };
  reads[1]?.end(newer);
  t.is(await after, newer);
  reads[0]?.end(record);
  t.is(await before, record);
  await nextTurn();
  t.is(await cache.one(postId), newer);
});

test('what was just written is kept as it is, whatever a read from before brings', async (t) => {
  const { rows, reads, record } = await heldRows();
  const cache = new PostCache(rows);
  const before = cache.one(record.post.postId);
  const written = { ...record, post: { ...record.post, version: record.post.version + 1 } };
  cache.keep(written);
  reads[0]?.end(record);
  t.is(await before, record);
  await nextTurn();
  t.is(await cache.one(record.post.postId), written);
  t.is(reads.length, 1);
});

test('a read that failed is not kept, and neither is what is not live', async (t) => {
  const { rows, reads, record } = await heldRows();
  const cache = new PostCache(rows);
  const postId = ids.next<PostId>();
  const failing = cache.one(postId);
  reads[0]?.fail();
  await t.throwsAsync(failing, { message: 'away' });
  const draft = cache.one(postId);
  reads[1]?.end({ ...record, post: { ...record.post, state: 'draft' } });
  t.is((await draft)?.post.state, 'draft');
  t.is(cache.size, 0);
});

test('the cache holds no more posts than it may, the least recently used leave', async (t) => {
  const { rows, reads, record } = await heldRows();
  const cache = new PostCache(rows, 2);
  const [first, second, third] = [ids.next<PostId>(), ids.next<PostId>(), ids.next<PostId>()];
  for (const postId of [first, second, first, third]) {
    const reading = cache.one(postId);
    reads.at(-1)?.end(record);
    await reading;
  }
  t.is(cache.size, 2);
  t.is(reads.length, 3);
  await cache.one(first);
  t.is(reads.length, 3);
});

test('whoever wants a post fresh is given its row as it is now; only media that stay as they are come from memory', async (t) => {
  const world = await postWorld();
  const { id: postId } = await world.publish(world.user());
  const reads: string[] = [];
  const rows = {
    records: (postIds: readonly PostId[]) => world.rows.records(postIds),
    byId: (id: PostId) => {
      reads.push('post');
      return world.rows.byId(id);
    },
    mediaOf: (post: PostRecord['post']) => {
      reads.push('media');
      return world.rows.mediaOf(post);
    },
  };
  const cache = new PostCache(rows as PostRows);
  const stored = (await world.rows.record(postId)) as PostRecord;
  t.deepEqual(await cache.fresh(postId), stored);
  const viewable = stored.media.map((medium) => medium && { ...medium, state: 'viewable' as const });
  const ready = stored.media.map((medium) => medium && { ...medium, state: 'ready' as const });
  const older = { ...stored.post, version: 0, revision: stored.post.revision - 1 };
  for (const media of [viewable, [null], []]) {
    cache.keep({ post: stored.post, media });
    t.deepEqual(await cache.fresh(postId), stored);
  }
  t.deepEqual(reads.splice(0), ['post', 'media', 'post', 'media', 'post', 'media', 'post', 'media']);
  cache.keep({ post: older, media: ready });
  t.deepEqual(await cache.fresh(postId), { post: stored.post, media: ready });
  const same = { post: stored.post, media: ready };
  cache.keep(same);
  t.is(await cache.fresh(postId), same);
  t.deepEqual(reads, ['post', 'post']);
  t.is(await cache.fresh(ids.next<PostId>()), null);
});
