import test from 'ava';
import fc from 'fast-check';
import { Problem } from '../../../src/errors.ts';
import type { PostId, PublishId, UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { timeline } from '../../../src/storage/tables/timeline.ts';
import { postWorld } from '../post-world.ts';

const USERS = 7;
const userIndex = fc.nat(USERS - 1);

type Step =
  | { readonly kind: 'publish'; readonly author: number }
  | { readonly kind: 'delete'; readonly author: number }
  | { readonly kind: 'follow' | 'unfollow'; readonly follower: number; readonly author: number }
  | { readonly kind: 'drain' }
  | { readonly kind: 'activate'; readonly user: number }
  | { readonly kind: 'passivate'; readonly user: number };

/** Two authors do most of what happens, so that edges and thresholds are crossed again and again. */
const author = fc.oneof({ weight: 3, arbitrary: fc.nat(1) }, userIndex);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('publish' as const), author }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), author }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('follow' as const), follower: userIndex, author }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('unfollow' as const), follower: userIndex, author }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'drain' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('activate' as const, 'passivate' as const), user: userIndex }),
  },
);

test('pages of the feed equal the model after any history, with the push and pull threshold crossed both ways', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (steps, limit, exposeHalfBatches) => {
        const thresholds = { threshold: 3, hysteresis: 2, graceMs: 0 };
        const world = await postWorld({ thresholds, chunkSize: 2, exposeHalfBatches });
        const users = Array.from({ length: USERS }, () => world.user());
        const edges = new Set<string>();
        const live: { id: PostId; author: number }[] = [];
        for (const each of steps) {
          world.clock.advance(5);
          if (each.kind === 'publish') {
            live.unshift({ id: (await world.publish(users[each.author] as UserId)).id, author: each.author });
          } else if (each.kind === 'delete') {
            const at = live.findIndex((post) => post.author === each.author);
            const [post] = at < 0 ? [] : live.splice(at, 1);
            if (post !== undefined) await world.service.remove(users[each.author] as UserId, post.id);
          } else if (each.kind === 'follow' || each.kind === 'unfollow') {
            if (each.follower === each.author) continue;
            await world[each.kind](users[each.follower] as UserId, users[each.author] as UserId);
            if (each.kind === 'follow') edges.add(`${each.follower}>${each.author}`);
            else edges.delete(`${each.follower}>${each.author}`);
          } else if (each.kind === 'drain') {
            await world.drain();
          } else if (each.kind === 'activate') {
            await world.live.activate(users[each.user] as UserId);
          } else if (each.kind === 'passivate') {
            world.live.passivate(users[each.user] as UserId);
          }
        }
        await world.drain();
        for (const [index, user] of users.entries()) {
          const expected = live
            .filter((post) => post.author === index || edges.has(`${index}>${post.author}`))
            .map((post) => post.id);
          t.deepEqual(await world.wholeFeed(user, limit), expected, `hot or not, user ${index}`);
          world.live.passivate(user);
          t.deepEqual(await world.wholeFeed(user, limit), expected, `activated anew, user ${index}`);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('a long feed goes from the hot timeline over into the store without gap or double', async (t) => {
  const world = await postWorld();
  const [author, reader] = [world.user(), world.user()];
  await world.follow(reader, author);
  const published: PostId[] = [];
  for (let index = 0; index < 150; index++) published.unshift((await world.publish(author)).id);
  await world.drain();
  for (const limit of [7, 100]) t.deepEqual(await world.wholeFeed(reader, limit), published);
  const first = await world.feed.page(reader, { cursor: null, limit: 20 });
  t.deepEqual(first.position, { epoch: 'e', seq: 0, cursor: first.position?.cursor as string });
  const second = await world.feed.page(reader, { cursor: first.nextCursor, limit: 20 });
  t.is(second.position, null);
});

test('a page longer than the hot timeline holds what was just published, before fan-out wrote it', async (t) => {
  const world = await postWorld();
  const [author, reader] = [world.user(), world.user()];
  await world.follow(reader, author);
  const published: PostId[] = [];
  for (let index = 0; index < 150; index++) published.unshift((await world.publish(author)).id);
  await world.drain();
  await world.live.activate(reader);
  published.unshift((await world.publish(author)).id);
  for (const limit of [7, limits.pageSizeMax]) t.deepEqual(await world.wholeFeed(reader, limit), published);
});

test('the first page and its position are of one moment', async (t) => {
  const world = await postWorld();
  const [author, reader] = [world.user(), world.user()];
  await world.follow(reader, author);
  await world.live.activate(reader);
  const before = await world.publish(author);
  const reading = world.feed.page(reader, { cursor: null, limit: 10 });
  const after = await world.publish(author);
  const page = await reading;
  t.deepEqual(
    page.posts.map((post) => post.id),
    [before.id],
  );
  t.deepEqual(
    world.live
      .logOf(reader)
      .slice(page.position?.seq)
      .map((event) => event.id),
    [`post.new:${after.id}`] as never[],
  );
});

test('an empty timeline is rebuilt from the authors the reader follows', async (t) => {
  const world = await postWorld();
  const [first, second, reader] = [world.user(), world.user(), world.user()];
  await world.follow(reader, first);
  await world.follow(reader, second);
  const published: PostId[] = [];
  for (const author of [first, second, first, second]) published.unshift((await world.publish(author)).id);
  await world.drain();
  for (const row of await world.memory.page(timeline, { userId: reader }, { limit: 100 })) {
    await world.memory.remove(timeline, row);
  }
  t.deepEqual(await world.wholeFeed(reader, 3), published);
  t.deepEqual(await world.timelineOf(reader), published);
});

test('a page that holds nothing to be shown is read on, and what is personal is per reader', async (t) => {
  const world = await postWorld();
  const [author, reader] = [world.user(), world.user()];
  await world.follow(reader, author);
  const kept = await world.publish(author);
  const gone = [];
  for (let index = 0; index < 10; index++) gone.push(await world.publish(author));
  await world.drain();
  for (const post of gone) await world.service.remove(author, post.id);
  world.likes.set(kept.id, new Set([reader]));
  const page = await world.feed.page(reader, { cursor: null, limit: 2 });
  t.deepEqual(
    page.posts.map(({ id, likeCount, likedByMe }) => ({ id, likeCount, likedByMe })),
    [{ id: kept.id, likeCount: 1, likedByMe: true }],
  );
  t.false((await world.feed.page(author, { cursor: null, limit: 2 })).posts[0]?.likedByMe);
});

test('a feed ends after its stated length, and refuses cursors of others', async (t) => {
  const world = await postWorld();
  const reader = world.user();
  const publishId = world.ids.next<PublishId>();
  await world.publish(reader);
  const atEnd = await world.feed.page(reader, { cursor: `${publishId}.${limits.timelineEntries}`, limit: 5 });
  t.is(atEnd.nextCursor, null);
  for (const cursor of ['', 'x', publishId, `${publishId}.`, `${publishId}.9999`, `${publishId}.1.1`]) {
    await t.throwsAsync(world.feed.page(reader, { cursor, limit: 5 }), {
      instanceOf: Problem,
      message: /invalid-cursor/,
    });
  }
});
