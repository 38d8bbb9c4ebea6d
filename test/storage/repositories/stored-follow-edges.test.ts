import test from 'ava';
import fc from 'fast-check';
import { systemClock } from '../../../src/clock.ts';
import { IdSource, type UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import { followMutations } from '../../../src/storage/repositories/edge-batches.ts';
import type { FollowerRange } from '../../../src/storage/repositories/follow-edges.ts';
import { StoredFollowEdges } from '../../../src/storage/repositories/stored-follow-edges.ts';

async function followed(active: number, gone: number) {
  const store = new MemoryStore({ clock: systemClock });
  const ids = new IdSource(systemClock, 1);
  const author = ids.next<UserId>();
  const followers: UserId[] = [];
  const follow = async (state: 'active' | 'gone') => {
    const follower = ids.next<UserId>();
    if (state === 'active') followers.push(follower);
    await store.batch(followMutations(follower, author, { state, atMs: systemClock.now(), revision: 1 }));
    return follower;
  };
  for (let index = 0; index < Math.max(active, gone); index++) {
    if (index < active) await follow('active');
    if (index < gone) await follow('gone');
  }
  return { edges: new StoredFollowEdges(store), author, followers, follow };
}

async function plan(edges: StoredFollowEdges, author: UserId, size: number): Promise<FollowerRange[]> {
  const ranges: FollowerRange[] = [];
  for await (const range of edges.planRanges(author, size)) ranges.push(range);
  return ranges;
}

test('ranges hold every active follower once, about `size` of them each', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.nat(150), fc.nat(40), fc.integer({ min: 1, max: 40 }), async (active, gone, size) => {
      const { edges, author, followers } = await followed(active, gone);
      const ranges = await plan(edges, author, size);
      const parts = await Promise.all(ranges.map((range) => edges.inRange(author, range)));
      t.deepEqual(parts.flat().sort(), followers.sort());
      t.true(parts.every((part) => part.length > 0 && part.length <= size));
      t.true(ranges.length <= Math.ceil(active / size) * 2 + limits.followerBuckets);
    }),
    { numRuns: 40 },
  );
});

test('few followers are one range, none are no range', async (t) => {
  const few = await followed(3, 5);
  t.is((await plan(few.edges, few.author, 500)).length, 1);
  const nobody = await followed(0, 5);
  t.is((await plan(nobody.edges, nobody.author, 500)).length, 0);
});

test('a stored range reads the same followers again, plus those who came since', async (t) => {
  const { edges, author, followers, follow } = await followed(60, 0);
  const ranges = await plan(edges, author, 10);
  for (let index = 0; index < 30; index++) await follow('active');
  const parts = await Promise.all(ranges.map((range) => edges.inRange(author, range)));
  const found = parts.flat();
  t.is(new Set(found).size, found.length);
  t.true(followers.slice(0, 60).every((follower) => found.includes(follower)));
});
