import test from 'ava';
import { Problem } from '../../../src/errors.ts';
import type { UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import type { Store } from '../../../src/storage/store.ts';
import { users } from '../../../src/storage/tables/accounts.ts';
import { socialWorld } from '../social-world.ts';

test('a profile shows its counts, and whether the viewer follows it', async (t) => {
  const world = socialWorld();
  const [ada, bob] = [await world.user('ada'), await world.user('bob')] as const;
  await world.graph.follow(bob, ada);
  const seen = await world.profiles.byUsername(bob, 'ADA');
  t.like(seen, { id: ada, username: 'ada', followerCount: 1, followingCount: 0, postCount: 0, followedByMe: true });
  t.false('followedByMe' in (await world.profiles.byId(null, ada)));
  const missing = world.profiles.byUsername(null, 'nobody');
  t.is((await t.throwsAsync(missing, { instanceOf: Problem })).code, 'not-found');
});

test('an edit is seen at once, and an edit that changes nothing writes nothing', async (t) => {
  const world = socialWorld();
  const ada = await world.user('ada');
  await world.profiles.summaries([ada]);
  const edited = await world.profiles.edit(ada, { displayName: 'Ada L.', bio: 'Numbers' });
  t.like(edited, { displayName: 'Ada L.', bio: 'Numbers' });
  t.like((await world.profiles.summaries([ada]))[0], { displayName: 'Ada L.' });

  const before = await world.store.get(users, { userId: ada });
  await world.profiles.edit(ada, { displayName: 'Ada L.' });
  t.deepEqual(await world.store.get(users, { userId: ada }), before);
});

test('an edit wins over the row it read, even if that came from a clock ahead', async (t) => {
  const world = socialWorld();
  const ada = await world.user('ada');
  const row = await world.store.get(users, { userId: ada });
  if (row === null) throw new Error('no row');
  await world.store.put(users, { ...row, bio: 'from the future', revision: Number.MAX_SAFE_INTEGER - 10 });
  t.is((await world.profiles.edit(ada, { bio: 'now' })).bio, 'now');
  t.is((await world.store.get(users, { userId: ada }))?.bio, 'now');
});

test('an avatar is a picture of the user’s own that can be seen', async (t) => {
  const world = socialWorld();
  const [ada, bob] = [await world.user('ada'), await world.user('bob')] as const;
  const slot = await world.profiles.avatarUpload(ada, 'image/jpeg');
  const refusals = [
    [slot.mediaId, 'upload-incomplete'],
    [await world.picture(bob, 'ready'), 'not-found'],
    [await world.picture(ada, 'ready', await world.post(ada)), 'not-found'],
    [await world.picture(ada, 'failed'), 'media-rejected'],
    [await world.picture(ada, 'gone'), 'not-found'],
  ] as const;
  for (const [avatarMediaId, code] of refusals) {
    const attempt = world.profiles.edit(ada, { avatarMediaId });
    t.is((await t.throwsAsync(attempt, { instanceOf: Problem })).code, code);
  }
  const picture = await world.picture(ada, 'viewable');
  t.is((await world.profiles.edit(ada, { avatarMediaId: picture })).avatarUrl, `https://media.test/blob-${picture}`);
  t.is((await world.profiles.edit(ada, { avatarMediaId: null })).avatarUrl, null);
  const replaced = world.dispatched.flatMap(({ consumer, activity }) =>
    activity.kind === 'user.updated' ? [`${consumer} ${activity.replacedAvatarId}`] : [],
  );
  t.deepEqual(
    replaced,
    ['photo-removal null', `photo-removal ${picture}`],
    'the picture that was taken away is to be removed',
  );
});

test('summaries come in the order asked for, loaded once for all who ask at the same time', async (t) => {
  let loads = 0;
  const wrapStore = (store: Store): Store =>
    new Proxy(store, {
      get(target, name) {
        if (name === 'getMany') loads++;
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  const world = socialWorld({ wrapStore });
  const [ada, bob] = [await world.user('ada'), await world.user('bob')] as const;
  const nobody = world.ids.next<UserId>();
  loads = 0;
  const asked = await Promise.all([
    world.profiles.summaries([bob, nobody, ada, bob]),
    world.profiles.summaries([ada, bob]),
  ]);
  t.deepEqual(
    asked.map((list) => list.map((summary) => summary?.id ?? null)),
    [
      [bob, null, ada, bob],
      [ada, bob],
    ],
  );
  t.is(loads, 1);
});

test('what another node edited is shown after the cache has aged', async (t) => {
  const world = socialWorld();
  const ada = await world.user('ada');
  await world.profiles.summaries([ada]);
  const row = await world.store.get(users, { userId: ada });
  if (row === null) throw new Error('no row');
  await world.store.put(users, { ...row, displayName: 'Elsewhere', revision: world.revisions.next() });
  t.like((await world.profiles.summaries([ada]))[0], { displayName: 'ADA' });
  world.clock.advance(limits.profileCacheTtlMs + 1);
  t.like((await world.profiles.summaries([ada]))[0], { displayName: 'Elsewhere' });
});
