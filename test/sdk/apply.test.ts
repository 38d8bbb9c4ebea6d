import test from 'ava';
import fc from 'fast-check';
import { Posts } from '../../sdk/apply.ts';
import type { PostPageItem, PostView, WireEvent } from '../../sdk/wire.ts';

function post(id: string, version: number, caption = `${id} v${version}`): PostView {
  const author = { id: 'u1', username: 'ada', displayName: 'Ada', avatarUrl: null };
  const times = { createdAt: '2026-01-01T00:00:00Z', publishedAt: '2026-01-01T00:00:00Z', editedAt: null };
  return { id, userId: 'u1', author, caption, mediaUrl: null, photos: [], uploadStatus: 'complete', version, ...times };
}

function item(id: string, version: number, likeCount = 0): PostPageItem {
  return { ...post(id, version), likeCount, commentCount: 0, likedByMe: false };
}

function event(type: string, data: unknown): WireEvent {
  return { id: `${type}:x`, type, at: '2026-01-01T00:00:00Z', data };
}

test('an event that brings a newer version keeps the counts the page told', (t) => {
  const posts = new Posts();
  posts.applyPage([{ ...item('a', 1, 7), likedByMe: true }]);
  const change = posts.applyEvent(event('post.updated', post('a', 2)));
  t.like(change, { kind: 'post', isNew: false, post: { version: 2, likeCount: 7, likedByMe: true } });
});

test('an older page does not undo a newer event, but its counts count', (t) => {
  const posts = new Posts();
  posts.applyEvent(event('post.new', post('a', 3)));
  const [shown] = posts.applyPage([item('a', 1, 5)]);
  t.like(shown, { version: 3, caption: 'a v3', likeCount: 5 });
});

test('what was deleted does not come back, by whatever way', (t) => {
  const posts = new Posts();
  posts.applyPage([item('a', 1)]);
  t.deepEqual(posts.applyEvent(event('post.deleted', { postId: 'a' })), { kind: 'gone', postId: 'a' });
  t.is(posts.applyEvent(event('post.deleted', { postId: 'a' })), null);
  t.is(posts.applyEvent(event('media.ready', post('a', 9))), null);
  t.deepEqual(
    posts.applyPage([item('a', 9), item('b', 1)]).map(({ id }) => id),
    ['b'],
  );
  t.is(posts.amend('a', { likeCount: 1 }), null);
});

test('events of another kind, or of another form, change nothing', (t) => {
  const posts = new Posts();
  for (const data of [null, 7, {}, { id: 'a' }]) t.is(posts.applyEvent(event('post.new', data)), null);
  t.is(posts.applyEvent(event('post.deleted', null)), null);
  t.is(posts.applyEvent(event('notification.new', post('a', 1))), null);
});

test('what is held may be forgotten and told again', (t) => {
  const posts = new Posts();
  posts.applyPage([item('a', 1), item('b', 2)]);
  posts.retain((postId) => postId === 'b');
  t.deepEqual(posts.versions(), { b: 2 });
  t.like(posts.applyEvent(event('post.new', post('a', 1))), { isNew: true });
});

test('the same events in any order, any number of times, lead to the same posts', (t) => {
  const one = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    version: fc.integer({ min: 1, max: 4 }),
    deleted: fc.boolean(),
  });
  const apply = (posts: Posts, { id, version, deleted }: { id: string; version: number; deleted: boolean }): void => {
    posts.applyEvent(
      deleted && version === 4 ? event('post.deleted', { postId: id }) : event('post.updated', post(id, version)),
    );
  };
  const summary = (posts: Posts): unknown => ['a', 'b', 'c'].map((id) => posts.versions()[id] ?? null);
  fc.assert(
    fc.property(fc.array(one, { maxLength: 20 }), fc.infiniteStream(fc.nat()), (events, order) => {
      const inOrder = new Posts();
      const shuffled = new Posts();
      for (const each of events) apply(inOrder, each);
      const keyed = [...events, ...events].map((each) => ({ each, key: order.next().value as number }));
      for (const { each } of keyed.sort((a, b) => a.key - b.key)) apply(shuffled, each);
      return JSON.stringify(summary(inOrder)) === JSON.stringify(summary(shuffled));
    }),
  );
  t.pass();
});

test('revalidation brings newer versions and takes away what is gone, and tells what it changed', (t) => {
  const posts = new Posts();
  posts.applyPage([item('a', 1), item('b', 2), item('c', 1)]);
  const changes = posts.applyRevalidated({ changed: [item('a', 3, 4), item('b', 1)], gone: ['c', 'd'] });
  t.like(changes[0], { kind: 'post', isNew: false, post: { id: 'a', version: 3, likeCount: 4 } });
  t.deepEqual(changes.slice(1), [
    { kind: 'gone', postId: 'c' },
    { kind: 'gone', postId: 'd' },
  ]);
  t.deepEqual(posts.versions(), { a: 3, b: 2 });
  t.deepEqual(posts.applyRevalidated({ changed: [item('a', 3, 9)], gone: ['c'] }), []);
});
