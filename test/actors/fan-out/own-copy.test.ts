import test from 'ava';
import type { ActivityId, UserId } from '../../../src/ids.ts';
import { idAt } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { ownCopy } from '../../../src/actors/posts/own-copy.ts';
import type { PostChange } from '../../../src/actors/posts/post-events.ts';
import type { PostView } from '../../../src/actors/views.ts';
import { putPost } from '../../../src/storage/repositories/posts.ts';
import { inbox } from '../../../src/storage/tables/timeline.ts';
import { type PostWorld, postWorld } from '../post-world.ts';

async function world(): Promise<{ world: PostWorld; author: UserId; post: PostView }> {
  const made = await postWorld();
  const author = made.user();
  const post = await made.publish(author);
  await made.drain();
  return { world: made, author, post };
}

async function copiesOf(made: PostWorld, userId: UserId, eventId: string): Promise<number> {
  return (await made.inboxOf(userId)).filter((row) => row.eventId === eventId).length;
}

function editOf(authorId: UserId, { id: postId }: PostView, version: number): PostChange {
  return { kind: 'post.updated', event: 'post.updated', postId, authorId, version };
}

function syncFromNow({ clock, feed }: PostWorld, userId: UserId) {
  const cursor = idAt<ActivityId>(clock.now() - limits.overlapMs);
  return async () => (await feed.sync(userId, cursor)).events;
}

test("a change stands in its author's inbox once it is acknowledged, and fan-out adds no second copy", async (t) => {
  const { world: made, author, post } = await world();
  await made.service.edit(author, post.id, { caption: 'edited' });
  const edited = `post.updated:${post.id}:${post.version + 1}`;
  t.is(await copiesOf(made, author, edited), 1);
  await made.drain();
  t.is(await copiesOf(made, author, edited), 1);
  await made.service.remove(author, post.id);
  t.is(await copiesOf(made, author, `post.deleted:${post.id}`), 1);
  await made.drain();
  t.is(await copiesOf(made, author, `post.deleted:${post.id}`), 1);
});

test('who acts on a change late, when its copy may stand behind a reader, appends another', async (t) => {
  const { world: made, author, post } = await world();
  await made.service.edit(author, post.id, { caption: 'edited' });
  made.clock.advance(limits.lateWriteMs + 1);
  await made.drain();
  const edited = `post.updated:${post.id}:${post.version + 1}`;
  t.is(await copiesOf(made, author, edited), 2);
});

test('a copy that is not there is appended', async (t) => {
  const { world: made, author, post } = await world();
  await made.service.edit(author, post.id, { caption: 'edited' });
  const edited = `post.updated:${post.id}:${post.version + 1}`;
  for (const row of await made.inboxOf(author)) if (row.eventId === edited) await made.memory.remove(inbox, row);
  await made.drain();
  t.is(await copiesOf(made, author, edited), 1);
});

test("an announcement that failed still reaches the author's other phones, by fan-out", async (t) => {
  const { world: made, author, post } = await world();
  await made.live.activate(author);
  const broadcast = made.live.broadcast.bind(made.live);
  made.live.broadcast = () => {
    throw new Error('not announced');
  };
  await made.service.edit(author, post.id, { caption: 'edited' });
  made.live.broadcast = broadcast;
  const edited = `post.updated:${post.id}:${post.version + 1}`;
  const told = () => made.live.logOf(author).filter((event) => String(event.id) === edited).length;
  t.is(told(), 0);
  await made.drain();
  t.is(told(), 1);
});

test('a copy that is seen before the change itself is not told of with the post as it was', async (t) => {
  const { world: made, author, post } = await world();
  const read = syncFromNow(made, author);
  const version = post.version + 1;
  const change = editOf(author, post, version);
  await made.memory.batch([ownCopy(change, made.ids.next<ActivityId>())]);
  const edited = `post.updated:${post.id}:${version}`;
  const namesOf = async () => (await read()).map((event) => String(event.id));
  t.false((await namesOf()).includes(edited));
  await made.service.edit(author, post.id, { caption: 'edited' });
  t.true((await namesOf()).includes(edited));
});

test('a change made elsewhere is told of as it is, whatever this node has in memory', async (t) => {
  const { world: made, author, post } = await world();
  const read = syncFromNow(made, author);
  await made.cache.one(post.id);
  const record = await made.rows.record(post.id);
  if (record === null) throw new Error('the post is there');
  const version = post.version + 1;
  const elsewhere = { ...record.post, caption: 'elsewhere', version, revision: made.revisions.next() };
  const change = editOf(author, post, version);
  await made.memory.batch([putPost(elsewhere), ownCopy(change, made.ids.next<ActivityId>())]);
  const told = (await read()).find((event) => String(event.id) === `post.updated:${post.id}:${version}`);
  t.is((JSON.parse(told?.dataJson ?? '{}') as PostView).caption, 'elsewhere');
});
