import test from 'ava';
import { Problem } from '../../../src/errors.ts';
import type { Store } from '../../../src/storage/store.ts';
import { postWorld } from '../post-world.ts';

const FIRST = { cursor: null, limit: 20 };

/** A world whose tables can be taken away. */
async function worldWithOutages() {
  const outage = { lasts: false };
  const wrapStore = (store: Store): Store =>
    new Proxy(store, {
      get(target, name, receiver) {
        if (outage.lasts) return () => Promise.reject(new Problem('unavailable'));
        const value: unknown = Reflect.get(target, name, receiver);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const world = await postWorld({ wrapStore });
  const [author, other, reader] = [world.user(), world.user(), world.user()];
  await world.follow(reader, author);
  await world.follow(reader, other);
  return { ...world, outage, author, other, reader };
}

test('while the tables are away, a feed that was read before is answered from memory, position included', async (t) => {
  const world = await worldWithOutages();
  for (let count = 0; count < 3; count++) {
    world.clock.advance(5);
    await world.publish(world.author);
  }
  const before = await world.feed.page(world.reader, FIRST);
  world.outage.lasts = true;
  const during = await world.feed.page(world.reader, FIRST);
  t.is(during.posts.length, 3);
  t.deepEqual(during, before);
  const firstTwo = await world.feed.page(world.reader, { cursor: null, limit: 2 });
  const rest = await world.feed.page(world.reader, { cursor: firstTwo.nextCursor, limit: 2 });
  t.deepEqual(
    [...firstTwo.posts, ...rest.posts].map((post) => post.id),
    before.posts.map((post) => post.id),
  );
  t.is(rest.nextCursor, null);
});

test('while the tables are away, posts of an author who is not followed any more are left out', async (t) => {
  const world = await worldWithOutages();
  const kept = await world.publish(world.author);
  world.clock.advance(5);
  await world.publish(world.other);
  await world.feed.page(world.reader, FIRST);
  await world.unfollow(world.reader, world.other);
  world.outage.lasts = true;
  const page = await world.feed.page(world.reader, FIRST);
  t.deepEqual(
    page.posts.map((post) => post.id),
    [kept.id],
  );
});

test('while the tables are away, a page of which memory lacks a post is refused instead of being short', async (t) => {
  const world = await worldWithOutages();
  const post = await world.publish(world.author);
  await world.feed.page(world.reader, FIRST);
  world.cache.invalidate(post.id);
  world.outage.lasts = true;
  await t.throwsAsync(world.feed.page(world.reader, FIRST), { message: /^unavailable/ });
  world.outage.lasts = false;
  t.is((await world.feed.page(world.reader, FIRST)).posts.length, 1);
});
