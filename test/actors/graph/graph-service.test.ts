import test from 'ava';
import { Problem } from '../../../src/errors.ts';
import type { UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { followMutations } from '../../../src/storage/repositories/edge-batches.ts';
import type { Store } from '../../../src/storage/store.ts';
import { activities } from '../../../src/storage/tables/operations.ts';
import { type SocialWorld, socialWorld } from '../social-world.ts';

async function pair() {
  const world = socialWorld();
  const [ada, bob] = [await world.user('ada'), await world.user('bob')] as const;
  return { world, ada, bob };
}

async function activityKinds(world: SocialWorld): Promise<string[]> {
  const kinds: string[] = [];
  for await (const row of world.store.scan(activities)) kinds.push(row.activity.kind);
  return kinds.sort();
}

async function everyone(
  next: (cursor: string | null) => Promise<{ items: readonly { id: UserId }[]; nextCursor: string | null }>,
) {
  const found: UserId[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: readonly { id: UserId }[]; nextCursor: string | null } = await next(cursor);
    found.push(...page.items.map((item) => item.id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

test('a follow registers interest, commits, then merges the posts', async (t) => {
  const { world, ada, bob } = await pair();
  await world.graph.follow(ada, bob);
  t.deepEqual(world.journal, [`interest ${ada} ${bob} true`, `merge ${ada} ${bob} true`]);
  t.deepEqual(await world.edges.followedAuthors(ada), [bob]);
});

test('following twice writes nothing new, and merges again in case the first call died before it', async (t) => {
  const { world, ada, bob } = await pair();
  await world.graph.follow(ada, bob);
  const edge = await world.edges.edge(ada, bob);
  await world.graph.follow(ada, bob);
  t.deepEqual(await world.edges.edge(ada, bob), edge);
  t.deepEqual(await activityKinds(world), ['follow.created']);
  t.is(world.journal.filter((line) => line.startsWith('merge')).length, 2);
});

test('an unfollow ends both sides and the interest, and unfollowing twice is fine', async (t) => {
  const { world, ada, bob } = await pair();
  await world.graph.follow(ada, bob);
  await world.graph.unfollow(ada, bob);
  await world.graph.unfollow(ada, bob);
  t.deepEqual(await world.edges.followedAuthors(ada), []);
  t.is(await world.edges.countFollowers(bob), 0);
  t.is(world.journal.at(-1), `interest ${ada} ${bob} false`);
  t.deepEqual(await activityKinds(world), ['follow.created', 'follow.removed']);
});

test('nobody follows themselves, or someone who is not there', async (t) => {
  const { world, ada } = await pair();
  t.is((await t.throwsAsync(world.graph.follow(ada, ada), { instanceOf: Problem })).code, 'invalid-request');
  const nobody = world.ids.next<UserId>();
  t.is((await t.throwsAsync(world.graph.follow(ada, nobody), { instanceOf: Problem })).code, 'not-found');
  t.deepEqual(world.journal, []);
});

test('whoever follows as many as possible follows no more', async (t) => {
  const { world, ada, bob } = await pair();
  for (let index = 0; index < limits.followingMax; index++) {
    const change = { state: 'active' as const, atMs: 1, revision: 1 };
    await world.store.batch(followMutations(ada, world.ids.next<UserId>(), change));
  }
  const refusal = await t.throwsAsync(world.graph.follow(ada, bob), { instanceOf: Problem });
  t.is(refusal.code, 'forbidden');
  t.regex(refusal.detail ?? '', new RegExp(`You follow ${limits.followingMax} people.* Unfollow someone first`));
  t.deepEqual(world.journal, []);
  const [someone] = await world.edges.followedAuthors(ada);
  if (someone === undefined) throw new Error('ada follows nobody');
  await world.graph.unfollow(ada, someone);
  await world.graph.follow(ada, bob);
  t.is(await world.edges.countFollowed(ada), limits.followingMax);
});

test('when the commit fails, the interest goes again if the edge is not there', async (t) => {
  let failing = false;
  const wrapStore = (store: Store): Store =>
    new Proxy(store, {
      get(target, name) {
        if (name === 'batch' && failing) return () => Promise.reject(new Problem('unavailable'));
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  const world = socialWorld({ wrapStore });
  const [ada, bob] = [await world.user('ada'), await world.user('bob')] as const;
  failing = true;
  t.is((await t.throwsAsync(world.graph.follow(ada, bob), { instanceOf: Problem })).code, 'unavailable');
  t.deepEqual(world.journal, [`interest ${ada} ${bob} true`, `interest ${ada} ${bob} false`]);
});

test('lists show every active edge once, page by page, and refuse a cursor of another list', async (t) => {
  const world = socialWorld();
  const star = await world.user('star');
  const fans: UserId[] = [];
  for (let index = 0; index < 40; index++) fans.push(await world.user(`fan${index}`));
  for (const fan of fans) {
    await world.graph.follow(fan, star);
    await world.graph.follow(star, fan);
  }
  for (const fan of fans.slice(0, 10)) {
    await world.graph.unfollow(fan, star);
    await world.graph.unfollow(star, fan);
  }
  const stay = fans.slice(10).sort();
  const followers = await everyone((cursor) => world.graph.followers(null, star, { cursor, limit: 7 }));
  const following = await everyone((cursor) => world.graph.following(null, star, { cursor, limit: 7 }));
  t.deepEqual(followers.sort(), stay);
  t.deepEqual(following, stay);

  const { nextCursor } = await world.graph.followers(null, star, { cursor: null, limit: 7 });
  for (const cursor of [nextCursor, 'nonsense', 'e30', '']) {
    const refused = await t.throwsAsync(world.graph.following(null, star, { cursor, limit: 7 }), {
      instanceOf: Problem,
    });
    t.is(refused.code, 'invalid-cursor');
  }
});

test('pages of followers hold everyone once, whatever their size, however many buckets are empty', async (t) => {
  const world = socialWorld();
  const author = await world.user('author');
  const crowd: UserId[] = [];
  for (let index = 0; index < 45; index++) {
    const fan = await world.user(`fan${index}`);
    await world.graph.follow(fan, author);
    if (index % 4 === 0) await world.graph.unfollow(fan, author);
    else crowd.push(fan);
  }
  for (const limit of [1, 2, 3, 7, 20, 45, 100]) {
    const found = await everyone((cursor) => world.graph.followers(null, author, { cursor, limit }));
    t.deepEqual(found.sort(), crowd.sort(), `pages of ${limit}`);
  }
});
