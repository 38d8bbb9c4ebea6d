import test from 'ava';
import fc from 'fast-check';
import { Problem } from '../../../src/errors.ts';
import type { PostId, PublishId, UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import type { Mutation, Store } from '../../../src/storage/store.ts';
import { outbox } from '../../../src/storage/tables/operations.ts';
import { timeline } from '../../../src/storage/tables/timeline.ts';
import { type PostWorld, postWorld } from '../post-world.ts';

/** Calls let through before the process "dies"; a call that dies may have reached the store or not. */
interface Fuse {
  callsLeft: number;
  reaches: boolean;
}

function dyingStore(store: Store, fuse: Fuse): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const call = target[name].bind(target) as (...given: unknown[]) => unknown;
      if (name === 'scan' || name === 'close') return call;
      return async (...given: unknown[]) => {
        fuse.callsLeft--;
        if (fuse.callsLeft < 0) {
          if (fuse.callsLeft === -1 && fuse.reaches) await call(...given);
          throw new Problem('unavailable');
        }
        return call(...given);
      };
    },
  });
}

async function followers(world: PostWorld, author: UserId, count: number): Promise<UserId[]> {
  const users = Array.from({ length: count }, () => world.user());
  for (const user of users) await world.follow(user, author);
  return users;
}

async function eventsOf(world: PostWorld, userId: UserId): Promise<string[]> {
  return [...new Set((await world.inboxOf(userId)).map((row) => row.eventId))].sort();
}

test('a post reaches every follower, durable and live, and nobody else', async (t) => {
  const world = await postWorld({ chunkSize: 4 });
  const [author, stranger] = [world.user(), world.user()];
  const all = await followers(world, author, 30);
  await world.live.activate(all[0] as UserId);
  const post = await world.publish(author);
  await world.drain();
  for (const user of all) {
    t.deepEqual(await world.timelineOf(user), [post.id]);
    t.deepEqual(await eventsOf(world, user), [`post.new:${post.id}`]);
  }
  t.deepEqual(
    world.live.logOf(all[0] as UserId).map((event) => event.id),
    [`post.new:${post.id}`] as never[],
  );
  t.deepEqual(await world.timelineOf(stranger), []);
  t.deepEqual(await world.inboxOf(stranger), []);
});

test('a crash at any store call of the fan-out loses and doubles nothing once it is run again', async (t) => {
  const scenario = fc.record({
    crashes: fc.array(fc.record({ callsLeft: fc.nat(60), reaches: fc.boolean() }), { minLength: 1, maxLength: 4 }),
    chunkSize: fc.integer({ min: 2, max: 20 }),
    deleteFirst: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ crashes, chunkSize, deleteFirst }) => {
      const fuse: Fuse = { callsLeft: Number.POSITIVE_INFINITY, reaches: false };
      const world = await postWorld({ chunkSize, wrapStore: (store) => dyingStore(store, fuse) });
      const author = world.user();
      const all = await followers(world, author, 24);
      const kept = await world.publish(author);
      const gone = await world.publish(author);
      if (deleteFirst) await world.service.remove(author, gone.id);
      for (const crash of crashes) {
        Object.assign(fuse, crash);
        await world.drain().catch(() => undefined);
        // Between two runs the follower list moves on, so that the ranges are planned anew.
        Object.assign(fuse, { callsLeft: Number.POSITIVE_INFINITY });
        all.push(...(await followers(world, author, 1)));
      }
      if (!deleteFirst) await world.service.remove(author, gone.id);
      await world.drain();
      for (const user of all) t.deepEqual(await world.timelineOf(user), [kept.id]);
      for (const user of all.slice(0, 24)) {
        const events = await eventsOf(world, user);
        t.true(events.includes(`post.new:${kept.id}`));
        t.true(events.includes(`post.deleted:${gone.id}`));
      }
      t.deepEqual(await world.pending(), []);
    }),
    { numRuns: 40 },
  );
});

test('a range of an earlier plan that ends late takes no other range with it', async (t) => {
  const world = await postWorld({ chunkSize: 3 });
  const author = world.user();
  await followers(world, author, 20);
  await world.publish(author);
  const parent = (await world.pending()).find((entry) => entry.activity.kind === 'post.published');
  t.truthy(parent);
  if (parent === undefined) return;
  await world.fanOut.handle(parent);
  const before = (await world.pending()).filter((entry) => entry.consumer === 'fan-out-chunk');
  t.true(before.length > 1);
  const late = await followers(world, author, 20);
  await world.fanOut.handle(parent);
  const after = (await world.pending()).filter((entry) => entry.consumer === 'fan-out-chunk');
  for (const chunk of before) {
    const same = after.find((each) => each.outboxId === chunk.outboxId);
    t.deepEqual(same, chunk, 'one id, one range');
    await world.memory.remove(outbox, chunk);
  }
  const events = Promise.all(late.map((user) => world.timelineOf(user)));
  await world.drain();
  t.is((await events).length, 20);
});

test('who unfollowed before their chunk ran gets nothing of it', async (t) => {
  const world = await postWorld({ chunkSize: 2 });
  const author = world.user();
  const all = await followers(world, author, 8);
  const post = await world.publish(author);
  const parent = (await world.pending()).find((entry) => entry.consumer === 'fan-out');
  if (parent !== undefined) await world.fanOut.handle(parent);
  const [leaver, ...stayers] = all;
  await world.unfollow(leaver as UserId, author);
  await world.drain();
  t.deepEqual(await world.timelineOf(leaver as UserId), []);
  t.deepEqual(await eventsOf(world, leaver as UserId), []);
  for (const user of stayers) t.deepEqual(await world.timelineOf(user), [post.id]);
});

test('unfollowing clears the author out of the timeline; following again brings the posts back', async (t) => {
  const world = await postWorld();
  const [author, other, reader] = [world.user(), world.user(), world.user()];
  await world.follow(reader, author);
  await world.follow(reader, other);
  const [first, second] = [await world.publish(author), await world.publish(other)];
  await world.drain();
  await world.unfollow(reader, author);
  await world.drain();
  t.deepEqual(await world.timelineOf(reader), [second.id]);
  await world.follow(reader, author);
  t.deepEqual(await world.timelineOf(reader), [second.id, first.id]);
  // A late clean-up of the edge that came back leaves them.
  await world.unfollow(reader, author);
  await world.follow(reader, author);
  await world.drain();
  t.deepEqual(await world.timelineOf(reader), [second.id, first.id]);
});

test('a post deleted before its fan-out is written to nobody', async (t) => {
  const world = await postWorld({ chunkSize: 2 });
  const author = world.user();
  const all = await followers(world, author, 8);
  const post = await world.publish(author);
  await world.service.remove(author, post.id);
  await world.drain();
  for (const user of all) {
    t.deepEqual(await world.timelineOf(user), []);
    t.deepEqual(await eventsOf(world, user), [`post.deleted:${post.id}`]);
  }
});

test('a post deleted while its rows are being written leaves nothing in a timeline', async (t) => {
  let meanwhile: (() => Promise<void>) | null = null;
  const world = await postWorld({
    wrapStore: (store) =>
      new Proxy(store, {
        get(target, name: keyof Store) {
          if (name !== 'writeAll') return target[name].bind(target);
          return async (mutations: readonly Mutation[]) => {
            const task = mutations.some((each) => each.kind === 'put' && each.table === timeline) ? meanwhile : null;
            if (task !== null) meanwhile = null;
            await task?.();
            await target.writeAll(mutations);
          };
        },
      }),
  });
  const author = world.user();
  const [follower] = await followers(world, author, 1);
  const post = await world.publish(author);
  const published = (await world.pending()).find(
    (entry) => entry.activity.kind === 'post.published' && entry.consumer === 'fan-out',
  );
  let deletedMeanwhile = false;
  meanwhile = async () => {
    deletedMeanwhile = true;
    await world.service.remove(author, post.id);
    for (const entry of await world.pending()) {
      if (entry.activity.kind === 'post.deleted' && entry.consumer === 'fan-out') await world.fanOut.handle(entry);
    }
  };
  if (published !== undefined) await world.fanOut.handle(published);
  t.true(deletedMeanwhile);
  t.deepEqual(await world.timelineOf(follower as UserId), []);
});

test('edits reach followers and the author, each version as an event of its own', async (t) => {
  const world = await postWorld();
  const author = world.user();
  const [follower] = await followers(world, author, 1);
  const post = await world.publish(author, 'one');
  const second = await world.service.edit(author, post.id, { caption: 'two' });
  const third = await world.service.edit(author, post.id, { caption: 'three' });
  await world.drain();
  const updates = [second, third].map((view) => `post.updated:${post.id}:${view.version}`);
  t.deepEqual(await eventsOf(world, follower as UserId), [`post.new:${post.id}`, ...updates].sort());
  t.deepEqual(await eventsOf(world, author), updates);
});

test('an author above the threshold is pulled after the grace, and pushed again below the hysteresis', async (t) => {
  const world = await postWorld({ thresholds: { threshold: 5, hysteresis: 3, graceMs: 60_000 } });
  const author = world.user();
  const all = await followers(world, author, 5);
  const [grace, pulled]: [PostId, PostId] = [
    (await world.publish(author)).id,
    (world.clock.advance(60_000), (await world.publish(author)).id),
  ];
  await world.drain();
  const deliveryOf = async (postId: PostId) => (await world.rows.byId(postId))?.delivery;
  t.is(await deliveryOf(grace), 'push');
  t.is(await deliveryOf(pulled), 'pull');
  t.true(world.pullAuthors.all.has(author));
  t.deepEqual(await world.timelineOf(all[0] as UserId), [grace]);
  for (const user of all.slice(0, 3)) await world.unfollow(user, author);
  const pushed = (await world.publish(author)).id;
  await world.drain();
  t.is(await deliveryOf(pushed), 'push');
  t.true(world.pullAuthors.all.has(author), 'nobody ever leaves the list');
  t.deepEqual(await world.wholeFeed(all[4] as UserId, 2), [pushed, pulled, grace]);
});

test('a follow that died between its commit and its merge is completed without the client', async (t) => {
  const world = await postWorld();
  const [author, follower] = [world.user(), world.user()];
  const post = await world.publish(author);
  await world.drain();
  await world.commitFollow(follower, author);
  t.deepEqual(await world.timelineOf(follower), []);
  await world.drain();
  t.deepEqual(await world.timelineOf(follower), [post.id]);
});

test('a follow taken back before it was completed leaves nothing in the timeline', async (t) => {
  const world = await postWorld();
  const [author, follower] = [world.user(), world.user()];
  await world.publish(author);
  await world.commitFollow(follower, author);
  await world.unfollow(follower, author);
  await world.drain();
  t.deepEqual(await world.timelineOf(follower), []);
});

test('a timeline keeps its newest 800 places, and what lies behind them goes bit by bit', async (t) => {
  const world = await postWorld();
  const [author, follower] = [world.user(), world.user()];
  await world.follow(follower, author);
  const surplus = limits.timelineTrimRows + 100;
  const places = Array.from({ length: limits.timelineEntries + surplus }, () => ({
    publishId: world.ids.next<PublishId>(),
    postId: world.ids.next<PostId>(),
    authorId: author,
  }));
  await world.timelines.add(follower, places);
  const rows = () => world.timelines.newest(follower, null, 5000);
  const sizes: number[] = [];
  for (const chance of [1 / limits.timelineTrimEvery, 0, 0, 0]) {
    world.clock.chance = chance;
    await world.publish(author);
    await world.drain();
    sizes.push((await rows()).length);
  }
  const { timelineEntries, timelineTrimRows } = limits;
  t.deepEqual(sizes, [places.length + 1, places.length + 2 - timelineTrimRows, timelineEntries, timelineEntries]);
  const newest = places.slice(4 - timelineEntries).map((place) => place.postId);
  const kept = new Set((await rows()).map((row) => row.postId));
  t.true(newest.every((postId) => kept.has(postId)));
});
