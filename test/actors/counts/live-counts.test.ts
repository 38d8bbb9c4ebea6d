import test from 'ava';
import fc from 'fast-check';
import { countKey } from '../../../src/actors/counts/count-targets.ts';
import { type CountChange, shownCount, withChange } from '../../../src/actors/counts/counts-ahead.ts';
import type { PostId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { socialWorld } from '../social-world.ts';

test('a count shows each change once: before the recount that saw it, and after', (t) => {
  const delta = fc.constantFrom(-1, 1);
  fc.assert(
    fc.property(fc.array(delta, { maxLength: 80 }), fc.nat(80), (deltas, recountAt) => {
      let changes: readonly CountChange[] = [];
      let stored = { value: 100, revision: 0 };
      let truth = 100;
      deltas.forEach((delta, index) => {
        if (index === recountAt) stored = { value: truth, revision: index * 2 };
        truth += delta;
        changes = withChange(changes, { delta, revision: index * 2 + 1 }, stored, 8);
        if (shownCount(stored, changes) !== truth) throw new Error(`shown ${shownCount(stored, changes)}, is ${truth}`);
        if (changes.length > 8) throw new Error('unbounded');
      });
    }),
  );
  t.pass();
});

test('changes that a recount has seen do not count twice', (t) => {
  const seen = { delta: 1, revision: 5 };
  t.is(shownCount({ value: 7, revision: 6 }, [seen]), 7);
  t.is(shownCount({ value: 7, revision: 4 }, [seen]), 8);
  t.is(shownCount({ value: 0, revision: 4 }, [{ delta: -1, revision: 5 }]), 0);
});

test('what another node recounted is shown after the cache has aged', async (t) => {
  const world = socialWorld();
  const userId = await world.user('ada');
  const key = countKey({ name: 'followers', userId });
  t.deepEqual(await world.counts.read([key]), [0]);

  await world.counters.put(key, { value: 9, revision: world.revisions.next() });
  t.deepEqual(await world.counts.read([key]), [0]);
  world.clock.advance(limits.countCacheTtlMs + 1);
  t.deepEqual(await world.counts.read([key]), [9]);
});

test('live posts of an author are recounted from the author list, old months included', async (t) => {
  const world = socialWorld();
  const userId = await world.user('ada');
  await world.post(userId);
  world.clock.advance(70 * 24 * 3_600_000);
  await world.post(userId);
  await world.post(userId, 'draft');
  await world.graph.follow(await world.user('bob'), userId);
  const [entry] = world.dispatched;
  if (entry === undefined) throw new Error('nothing was dispatched');
  const activity = {
    kind: 'post.deleted',
    postId: world.ids.next<PostId>(),
    publishId: null,
    authorId: userId,
    version: 2,
  } as const;
  await world.handle({ ...entry, consumer: 'counters', activity });
  t.is((await world.profiles.byId(null, userId)).postCount, 2);
});
