import test from 'ava';
import { nextTurn } from '../../../src/clock.ts';
import { Problem } from '../../../src/errors.ts';
import type { MediaId, PostId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import type { Store } from '../../../src/storage/store.ts';
import { postsByAuthor } from '../../../src/storage/tables/posts.ts';
import { postWorld } from '../post-world.ts';

const PHOTO = { contentType: 'image/jpeg', altText: 'a lake' };

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'resolved';
  } catch (error) {
    return error instanceof Problem ? error.code : String(error);
  }
}

function mediaOf(post: { photos: readonly { mediaId: MediaId }[] }, index = 0): MediaId {
  return post.photos[index]?.mediaId as MediaId;
}

test('the same idempotency key makes one draft, also when the first call died before its answer', async (t) => {
  const world = await postWorld();
  const author = world.user();
  const input = { caption: 'hello', photos: [PHOTO, PHOTO] };
  const [first, second] = await Promise.all([
    world.service.createDraft(author, input, { key: 'k' }),
    world.service.createDraft(author, input, { key: 'k' }),
  ]);
  t.deepEqual(second, first);
  t.is(first.uploads.length, 2);
  t.is(first.post.uploadStatus, 'pending');
  t.is(
    await codeOf(world.service.createDraft(author, { ...input, caption: 'other' }, { key: 'k' })),
    'idempotency-mismatch',
  );
  t.is(await codeOf(world.service.createDraft(author, { caption: '', photos: [] }, { key: null })), 'invalid-request');
});

test('a post goes live when its first photo can be seen and no upload is outstanding, once', async (t) => {
  const world = await postWorld();
  const author = world.user();
  const draft = await world.draft(author, 'two photos', 2);
  await world.setMedia(mediaOf(draft, 0), 'viewable');
  await world.outcome.viewable(mediaOf(draft, 0));
  t.is((await world.rows.byId(draft.id))?.state, 'draft', 'the second upload is outstanding');
  t.is(await codeOf(world.service.read(null, draft.id)), 'not-found');
  t.is((await world.service.read(author, draft.id)).uploadStatus, 'pending');

  await world.setMedia(mediaOf(draft, 1), 'viewable');
  world.clock.advance(1000);
  await Promise.all([world.outcome.viewable(mediaOf(draft, 1)), world.outcome.viewable(mediaOf(draft, 0))]);
  const shown = await world.service.read(null, draft.id);
  t.is(shown.uploadStatus, 'processing');
  t.true(shown.version > draft.version);
  t.is(shown.mediaUrl, `https://photos.test/media/blob-${mediaOf(draft, 0)}/640.jpg`);
  t.is(new Date(shown.publishedAt ?? 0).getTime(), world.clock.now(), 'stamped when it went live');
  t.deepEqual(
    world.live.broadcasts.map((event) => event.id),
    [`post.new:${draft.id}`],
  );
  t.deepEqual((await world.service.ofUser(null, author, { cursor: null, limit: 10 })).items, [shown]);
});

test('the last rendition is announced once, to followers and to the author', async (t) => {
  const world = await postWorld();
  const [author, follower] = [world.user(), world.user()];
  await world.follow(follower, author);
  const draft = await world.draft(author);
  await world.setMedia(mediaOf(draft), 'viewable');
  await world.outcome.viewable(mediaOf(draft));
  await world.setMedia(mediaOf(draft), 'ready');
  await world.outcome.ready(mediaOf(draft));
  await world.outcome.ready(mediaOf(draft));
  await world.drain();
  t.is((await world.service.read(null, draft.id)).uploadStatus, 'complete');
  const ids = (await world.inboxOf(follower)).map((row) => row.eventId);
  t.deepEqual([...new Set<string>(ids)].sort(), [`media.ready:${draft.id}`, `post.new:${draft.id}`]);
  t.true((await world.inboxOf(author)).some((row) => row.eventId === `media.ready:${draft.id}`));
});

test('photos that are finished at the same moment complete their post once', async (t) => {
  const world = await postWorld();
  const author = world.user();
  const draft = await world.draft(author);
  await world.setMedia(mediaOf(draft), 'ready');
  await world.outcome.viewable(mediaOf(draft));
  await world.outcome.ready(mediaOf(draft));
  const { version } = await world.service.read(author, draft.id);
  await Promise.all([1, 2, 3].map(() => world.outcome.ready(mediaOf(draft))));
  t.is((await world.service.read(author, draft.id)).version, version);
});

test('a post whose photos were all refused fails, and its author learns why; followers learn nothing', async (t) => {
  const world = await postWorld();
  const [author, follower] = [world.user(), world.user()];
  await world.follow(follower, author);
  const draft = await world.draft(author);
  await world.setMedia(mediaOf(draft), 'failed', 'not an image');
  await world.outcome.failed(mediaOf(draft), 'not an image');
  await world.outcome.failed(mediaOf(draft), 'not an image');
  await world.drain();
  const row = await world.rows.byId(draft.id);
  t.is(row?.state, 'failed');
  t.is(row?.failureReason, 'not an image');
  t.is((await world.service.read(author, draft.id)).uploadStatus, 'failed');
  t.is(await codeOf(world.service.read(follower, draft.id)), 'not-found');
  t.deepEqual([...new Set((await world.inboxOf(author)).map((row) => row.type))], ['media.failed']);
  t.deepEqual(await world.inboxOf(follower), []);
});

test('a refused photo is left out of a post whose other photo can be seen', async (t) => {
  const world = await postWorld();
  const draft = await world.draft(world.user(), '', 2);
  await world.setMedia(mediaOf(draft, 0), 'failed', 'broken');
  await world.setMedia(mediaOf(draft, 1), 'ready');
  await world.outcome.ready(mediaOf(draft, 1));
  await world.outcome.failed(mediaOf(draft, 0), 'broken');
  const post = await world.service.read(null, draft.id);
  t.is(post.uploadStatus, 'complete');
  t.true(post.mediaUrl?.includes(mediaOf(draft, 1)));
});

test('an edited post is shown from memory; one with a photo on its way is read again', async (t) => {
  const world = await postWorld();
  const author = world.user();
  const settled = await world.publish(author, 'before');
  await world.service.edit(author, settled.id, { caption: 'after' });
  t.deepEqual(world.cache.known(settled.id)?.post, (await world.rows.byId(settled.id)) ?? undefined);

  const draft = await world.draft(author, 'two photos', 2);
  for (const index of [0, 1]) await world.setMedia(mediaOf(draft, index), index === 0 ? 'viewable' : 'uploaded');
  await world.outcome.viewable(mediaOf(draft, 0));
  await world.service.edit(author, draft.id, { caption: 'edited' });
  for (const index of [0, 1]) await world.setMedia(mediaOf(draft, index), 'ready');
  t.is((await world.service.read(null, draft.id)).uploadStatus, 'complete');
});

test('an edit is a new version with the new caption; only the author may make it', async (t) => {
  const world = await postWorld();
  const [author, other] = [world.user(), world.user()];
  const post = await world.publish(author, 'before');
  const edited = await world.service.edit(author, post.id, { caption: 'after' });
  t.is(edited.caption, 'after');
  t.is(edited.version, post.version + 1);
  t.is(
    (await world.service.edit(author, post.id, { caption: 'after' })).version,
    edited.version,
    'no change, no version',
  );
  t.is(await codeOf(world.service.edit(other, post.id, { caption: 'mine' })), 'forbidden');
  t.is(await codeOf(world.service.edit(author, world.ids.next<PostId>(), { caption: '' })), 'not-found');
  t.deepEqual(JSON.parse(world.live.broadcasts.at(-1)?.dataJson ?? ''), edited);
});

test('a deleted post is gone for everyone, for good, and deleting again is fine', async (t) => {
  const world = await postWorld();
  const [author, other] = [world.user(), world.user()];
  const post = await world.publish(author);
  t.is(await codeOf(world.service.remove(other, post.id)), 'forbidden');
  await world.service.remove(author, post.id);
  await world.service.remove(author, post.id);
  await world.outcome.ready(mediaOf(post));
  t.is(await codeOf(world.service.read(author, post.id)), 'not-found');
  t.is(await codeOf(world.service.remove(other, post.id)), 'not-found');
  t.deepEqual((await world.service.ofUser(author, author, { cursor: null, limit: 10 })).items, []);
  t.deepEqual(world.live.withdrawn, [post.id]);
  t.is(world.live.broadcasts.filter((event) => event.type === 'post.deleted').length, 1);
});

test('whatever edits, reports of photos and a deletion meet at the same moment, the post ends deleted and silent', async (t) => {
  for (let turns = 0; turns < 12; turns++) {
    const world = await postWorld({ exposeHalfBatches: true });
    const author = world.user();
    const draft = await world.draft(author);
    await world.setMedia(mediaOf(draft), 'ready');
    const others = [
      world.outcome.viewable(mediaOf(draft)),
      world.service.edit(author, draft.id, { caption: 'x' }),
      world.outcome.ready(mediaOf(draft)),
    ];
    for (let turn = 0; turn < turns; turn++) await nextTurn();
    await Promise.allSettled([...others, world.service.remove(author, draft.id)]);
    await world.outcome.viewable(mediaOf(draft));
    t.is((await world.rows.byId(draft.id))?.state, 'deleted');
    t.deepEqual((await world.service.ofUser(author, author, { cursor: null, limit: 10 })).items, []);
    const told = world.live.broadcasts.map((event) => event.type);
    t.true(told.length === 0 || told.at(-1) === 'post.deleted', told.join());
  }
});

test("an author's list pages over months without gap or double, back to the account's first day", async (t) => {
  const world = await postWorld();
  const author = world.user();
  const published: PostId[] = [];
  for (let index = 0; index < 12; index++) {
    published.unshift((await world.publish(author)).id);
    world.clock.advance((index % 4) * 40 * 24 * 3600 * 1000);
  }
  for (const limit of [1, 3, 5, 12]) {
    const seen: PostId[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof world.service.ofUser>> = await world.service.ofUser(null, author, {
        cursor,
        limit,
      });
      seen.push(...page.items.map((item) => item.id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    t.deepEqual(seen, published, `pages of ${limit}`);
  }
  t.is(await codeOf(world.service.ofUser(null, author, { cursor: 'nonsense', limit: 1 })), 'invalid-cursor');
});

test('revalidation names what is newer and what is gone', async (t) => {
  const world = await postWorld();
  const author = world.user();
  const [same, edited, deleted] = [
    await world.publish(author),
    await world.publish(author),
    await world.publish(author),
  ];
  await world.service.edit(author, edited.id, { caption: 'new' });
  await world.service.remove(author, deleted.id);
  const held = { [same.id]: same.version, [edited.id]: edited.version, [deleted.id]: deleted.version };
  const { changed, gone } = await world.service.revalidate(world.user(), held);
  t.deepEqual(
    changed.map((post) => post.id),
    [edited.id],
  );
  t.deepEqual(gone, [deleted.id]);
});

test('a publication acknowledged late is stamped again, and stands once in the list of its author', async (t) => {
  let late = true;
  const world = await postWorld({
    wrapStore: (store, clock) =>
      new Proxy(store, {
        get(target, name: keyof Store) {
          if (name !== 'batch') return target[name].bind(target);
          return async (mutations: Parameters<Store['batch']>[0]) => {
            await target.batch(mutations);
            const publishes = mutations.some((each) => each.kind === 'put' && each.table === postsByAuthor);
            if (!publishes || !late) return;
            late = false;
            clock.advance(limits.lateWriteMs + 1);
          };
        },
      }),
  });
  const [author, follower] = [world.user(), world.user()];
  await world.follow(follower, author);
  const post = await world.publish(author);
  t.is(new Date(post.publishedAt ?? 0).getTime(), world.clock.now());
  const listed = await world.rows.newestOf(author, { before: null, sinceMs: 0, nowMs: world.clock.now() }, 10);
  t.is(listed.length, 1);
  await world.drain();
  t.deepEqual(await world.timelineOf(follower), [post.id]);
  t.deepEqual(await world.wholeFeed(follower, 10), [post.id]);
});
