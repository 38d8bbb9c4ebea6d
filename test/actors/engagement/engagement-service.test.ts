import test from 'ava';
import { InvariantViolation, Problem } from '../../../src/errors.ts';
import type { CommentId, PostId } from '../../../src/ids.ts';
import { socialWorld } from '../social-world.ts';

const DAY_MS = 24 * 3_600_000;
const once = { key: null };

async function scene() {
  const world = socialWorld();
  const [ada, bob, eve] = [await world.user('ada'), await world.user('bob'), await world.user('eve')] as const;
  const postId = await world.post(ada);
  const heard: [string, unknown][] = [];
  world.topics.subscribe(`post:${postId}`, (type, data) => heard.push([type, data]));
  return { world, ada, bob, eve, postId, heard };
}

test('a like counts at once for who gave it, and once however often', async (t) => {
  const { world, bob, eve, postId, heard } = await scene();
  t.deepEqual(await world.engagement.like(bob, postId), { likeCount: 1 });
  t.deepEqual(await world.engagement.like(bob, postId), { likeCount: 1 });
  t.deepEqual(await world.engagement.like(eve, postId), { likeCount: 2 });
  await world.drain();
  t.deepEqual(await world.engagement.counts([postId]), [{ likeCount: 2, commentCount: 0 }]);
  t.deepEqual(await world.engagement.unlike(bob, postId), { likeCount: 1 });
  t.deepEqual(await world.engagement.unlike(bob, postId), { likeCount: 1 });
  t.deepEqual(await world.engagement.likedBy(eve, [postId, world.ids.next<PostId>()]), [true, false]);
  t.deepEqual(await world.engagement.likedBy(bob, [postId]), [false]);
  t.deepEqual(heard.at(-1), ['counts', { likeCount: 1, commentCount: 0 }]);
});

test('what cannot be seen, or is not live yet, can be neither liked nor discussed', async (t) => {
  const { world, ada, bob, postId } = await scene();
  const draft = await world.post(ada, 'draft');
  world.access.hidden.add(`${bob}/${postId}`);
  const attempts = [
    world.engagement.like(bob, postId),
    world.engagement.comment(bob, postId, { text: 'Hm', parentId: null }, once),
    world.engagement.comments(bob, postId, { cursor: null, limit: 5 }),
    world.engagement.like(ada, draft),
  ];
  for (const attempt of attempts) t.is((await t.throwsAsync(attempt, { instanceOf: Problem })).code, 'not-found');
  t.deepEqual(world.dispatched, []);
});

test('a comment repeated with its key is one comment, told and announced once', async (t) => {
  const { world, bob, postId, heard } = await scene();
  const input = { text: 'Lovely', parentId: null };
  const first = await world.engagement.comment(bob, postId, input, { key: 'k' });
  t.deepEqual(await world.engagement.comment(bob, postId, input, { key: 'k' }), first);
  const other = world.engagement.comment(bob, postId, { ...input, text: 'Ugly' }, { key: 'k' });
  t.is((await t.throwsAsync(other, { instanceOf: Problem })).code, 'idempotency-mismatch');
  t.deepEqual(heard, [
    ['comment.new', first],
    ['counts', { likeCount: 0, commentCount: 1 }],
  ]);
  t.is(world.dispatched.filter((entry) => entry.consumer === 'notifications').length, 1);
});

test('a reply needs a comment that stands on the same post', async (t) => {
  const { world, ada, bob, postId } = await scene();
  const elsewhere = await world.post(ada);
  const parent = await world.engagement.comment(bob, postId, { text: 'One', parentId: null }, once);
  const reply = await world.engagement.comment(ada, postId, { text: 'Two', parentId: parent.id }, once);
  t.is(reply.parentId, parent.id);
  const input = { text: 'Three', parentId: parent.id };
  const astray = world.engagement.comment(ada, elsewhere, input, once);
  t.is((await t.throwsAsync(astray, { instanceOf: Problem })).code, 'not-found');
  await world.engagement.deleteComment(bob, postId, parent.id);
  const late = world.engagement.comment(ada, postId, input, once);
  t.is((await t.throwsAsync(late, { instanceOf: Problem })).code, 'not-found');
});

test('the author of the comment and the author of the post may delete it, nobody else', async (t) => {
  const { world, ada, bob, eve, postId, heard } = await scene();
  const write = () => world.engagement.comment(bob, postId, { text: 'One', parentId: null }, once);
  const [own, moderated] = [await write(), await write()] as const;
  const byEve = world.engagement.deleteComment(eve, postId, own.id);
  t.is((await t.throwsAsync(byEve, { instanceOf: Problem })).code, 'forbidden');

  await world.engagement.deleteComment(bob, postId, own.id);
  await world.engagement.deleteComment(bob, postId, own.id);
  await world.engagement.deleteComment(ada, postId, moderated.id);
  t.is(heard.filter(([type]) => type === 'comment.deleted').length, 2);
  t.deepEqual((await world.engagement.comments(null, postId, { cursor: null, limit: 5 })).items, []);
  t.deepEqual(await world.engagement.counts([postId]), [{ likeCount: 0, commentCount: 0 }]);
  const unknown = world.engagement.deleteComment(ada, postId, world.ids.next<CommentId>());
  t.is((await t.throwsAsync(unknown, { instanceOf: Problem })).code, 'not-found');
});

test('who may no longer see the post can still take back a comment of their own', async (t) => {
  const { world, bob, eve, postId } = await scene();
  const own = await world.engagement.comment(bob, postId, { text: 'One', parentId: null }, once);
  for (const user of [bob, eve]) world.access.hidden.add(`${user}/${postId}`);
  const byEve = world.engagement.deleteComment(eve, postId, own.id);
  t.is((await t.throwsAsync(byEve, { instanceOf: Problem })).code, 'not-found');
  await t.notThrowsAsync(world.engagement.deleteComment(bob, postId, own.id));
});

test('comments are listed newest first over months and years, each once', async (t) => {
  const { world, bob, postId } = await scene();
  const written: CommentId[] = [];
  for (const pauseMs of [0, 1, 40 * DAY_MS, 1, 900 * DAY_MS, 1, 1]) {
    world.clock.advance(pauseMs);
    written.push((await world.engagement.comment(bob, postId, { text: 'Hi', parentId: null }, once)).id);
  }
  await world.engagement.deleteComment(bob, postId, written[3] ?? world.ids.next());
  const listed: CommentId[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof world.engagement.comments>> = await world.engagement.comments(null, postId, {
      cursor,
      limit: 2,
    });
    listed.push(...page.items.map((item) => item.id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  t.deepEqual(listed, written.filter((_, index) => index !== 3).reverse());
});

test('a text beyond its bounds is a mistake of the program', async (t) => {
  const { world, bob, postId } = await scene();
  for (const text of ['', 'x'.repeat(5_000)]) {
    const attempt = world.engagement.comment(bob, postId, { text, parentId: null }, once);
    await t.throwsAsync(attempt, { instanceOf: InvariantViolation });
  }
});
