import test from 'ava';
import type { NotificationId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { notificationHydrators } from '../../../src/actors/notifications/notification-hydrator.ts';
import { markToWrite } from '../../../src/actors/notifications/read-mark.ts';
import { socialWorld } from '../social-world.ts';

const once = { key: null };

async function scene() {
  const world = socialWorld();
  const [ada, bob, eve] = [await world.user('ada'), await world.user('bob'), await world.user('eve')] as const;
  return { world, ada, bob, eve, postId: await world.post(ada) };
}

const first = { cursor: null, limit: 20 };

test('follows, likes, comments and replies are told to whom they concern, newest first', async (t) => {
  const { world, ada, bob, eve, postId } = await scene();
  await world.graph.follow(bob, ada);
  await world.engagement.like(bob, postId);
  const comment = await world.engagement.comment(bob, postId, { text: 'One', parentId: null }, once);
  const reply = await world.engagement.comment(eve, postId, { text: 'Two', parentId: comment.id }, once);
  await world.engagement.comment(ada, postId, { text: 'Mine', parentId: null }, once);
  await world.engagement.like(ada, postId);
  await world.drain();

  const told = async (userId: typeof ada) =>
    (await world.notificationService.list(userId, first)).items.map(({ kind, actor, commentId }) => [
      kind,
      actor.id,
      commentId,
    ]);
  t.deepEqual(await told(ada), [
    ['comment', eve, reply.id],
    ['comment', bob, comment.id],
    ['like', bob, null],
    ['follow', bob, null],
  ]);
  t.deepEqual(await told(bob), [['reply', eve, reply.id]]);
  t.deepEqual(await told(eve), []);
  t.is(world.badges.get(ada), 4);
  t.is(world.badges.get(bob), 1);
});

test('the event carries the notification as the list shows it, under the same id at every rerun', async (t) => {
  const { world, ada, bob } = await scene();
  await world.graph.follow(bob, ada);
  const entries = await world.pending();
  for (const entry of [...entries, ...entries]) await world.handle(entry);

  const { items } = await world.notificationService.list(ada, first);
  const events = world.inbox.get(ada) ?? [];
  t.is(items.length, 1);
  t.deepEqual([...new Set(events.map(({ event }) => event.id))], [`notification.new:${items[0]?.id}`]);
  t.deepEqual(JSON.parse(events[0]?.event.dataJson ?? ''), items[0]);
  t.deepEqual(
    await world.notificationService.byIds(
      ada,
      items.map((item) => item.id),
    ),
    [...items],
  );
});

test('catching up shows a notification as it is now, and none that was taken back', async (t) => {
  const { world, ada, bob } = await scene();
  await world.graph.follow(bob, ada);
  await world.drain();
  const hydrate = notificationHydrators(world.notificationService)['notification.new'];
  const [written] = world.inbox.get(ada) ?? [];
  const references = [written?.references ?? {}, { notificationId: world.ids.next<NotificationId>() }, {}];
  await world.notificationService.markRead(ada, null);
  const [shown, ...absent] = (await hydrate?.(ada, references)) ?? [];
  t.like(JSON.parse(shown ?? ''), { id: written?.references['notificationId'], read: true });
  t.deepEqual(absent, [null, null]);
});

test('what was undone before is not told; of what was done again only the last is', async (t) => {
  const { world, ada, bob, postId } = await scene();
  await world.graph.follow(bob, ada);
  await world.graph.unfollow(bob, ada);
  for (const act of ['like', 'unlike', 'like'] as const) await world.engagement[act](bob, postId);
  const comment = await world.engagement.comment(bob, postId, { text: 'One', parentId: null }, once);
  await world.engagement.deleteComment(bob, postId, comment.id);
  await world.drain();
  const { items } = await world.notificationService.list(ada, first);
  t.deepEqual(
    items.map((item) => item.kind),
    ['like'],
  );
});

test('a run that died after the row is made good: undone meanwhile, the row goes again', async (t) => {
  const { world, ada, bob } = await scene();
  await world.graph.follow(bob, ada);
  await world.drain();
  const entries = await world.pending();
  await world.graph.unfollow(bob, ada);
  for (const entry of entries) await world.handle(entry);
  t.deepEqual(await world.notificationService.list(ada, first), { items: [], nextCursor: null, unread: 0 });
  t.is(world.badges.get(ada), 0);
});

test('nothing is told of a post that its receiver may not see', async (t) => {
  const { world, bob, eve, postId } = await scene();
  const comment = await world.engagement.comment(bob, postId, { text: 'One', parentId: null }, once);
  await world.engagement.comment(eve, postId, { text: 'Two', parentId: comment.id }, once);
  world.access.hidden.add(`${bob}/${postId}`);
  await world.drain();
  t.deepEqual((await world.notificationService.list(bob, first)).items, []);
});

test('marking up to one leaves the newer ones unread, never goes back, and moves the badge', async (t) => {
  const { world, ada, bob, eve, postId } = await scene();
  await world.graph.follow(bob, ada);
  await world.engagement.like(bob, postId);
  await world.engagement.like(eve, postId);
  await world.drain();
  const { items } = await world.notificationService.list(ada, first);
  const oldest = items.at(-1)?.id ?? null;

  t.deepEqual(await world.notificationService.markRead(ada, oldest), { unread: 2 });
  t.is(world.badges.get(ada), 2);
  t.deepEqual(
    (await world.notificationService.list(ada, first)).items.map((item) => item.read),
    [false, false, true],
  );
  t.deepEqual(await world.notificationService.markRead(ada, null), { unread: 0 });
  t.deepEqual(await world.notificationService.markRead(ada, oldest), { unread: 0 });
  t.is(world.badges.get(ada), 0);
});

test('unread notifications are counted no further than the badge shows', async (t) => {
  const { world, ada, bob } = await scene();
  for (let index = 0; index < limits.unreadCountMax + 30; index++) {
    await world.notifications.put({
      userId: ada,
      notificationId: world.ids.next<NotificationId>(),
      kind: 'follow',
      actorId: bob,
      postId: null,
      commentId: null,
    });
  }
  t.is((await world.notificationService.list(ada, first)).unread, limits.unreadCountMax);
});

test('the mark never moves back, nor beyond the newest notification', (t) => {
  const [one, two, three] = ['1', '2', '3'] as NotificationId[] as [NotificationId, NotificationId, NotificationId];
  t.is(markToWrite(null, null, null), null);
  t.is(markToWrite(null, null, two), two);
  t.is(markToWrite(null, three, two), two);
  t.is(markToWrite(two, one, three), null);
  t.is(markToWrite(two, null, three), three);
});
