import test from 'ava';
import fc from 'fast-check';
import type { LogEvent } from '../../../src/actors/event.ts';
import { nextTurn } from '../../../src/clock.ts';
import { Problem } from '../../../src/errors.ts';
import { eventId, idAt, type PostId, type UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { putRow } from '../../../src/storage/store.ts';
import { inbox as inboxTable } from '../../../src/storage/tables/timeline.ts';
import { HeldWrites, releaseStep, waitStep } from '../held-writes.ts';
import type { ManualClock } from '../manual-clock.ts';
import { type PostWorld, postWorld } from '../post-world.ts';

const DAY_MS = 24 * 3600 * 1000;

/** A device: it keeps its cursor and the ids it knows, and goes on page by page. */
class Device {
  readonly known = new Set<string>();
  readonly order: string[] = [];
  cursor: string;
  resets = 0;
  private readonly world: PostWorld;
  private readonly user: UserId;

  constructor(world: PostWorld, user: UserId) {
    this.world = world;
    this.user = user;
    this.cursor = idAt(world.clock.now() - limits.overlapMs);
  }

  async page(): Promise<boolean> {
    const page = await this.world.feed.sync(this.user, this.cursor);
    if (page.reset !== null) this.resets++;
    for (const { id } of page.events) {
      if (!this.known.has(id)) this.order.push(id);
      this.known.add(id);
    }
    this.cursor = page.cursor;
    return page.done;
  }

  async all(): Promise<void> {
    while (!(await this.page()));
  }
}

function failure(subject: number): { event: LogEvent; references: Record<string, string>; entry: null } {
  const id = eventId('media.failed', String(subject));
  const references = { postId: 'p', mediaId: String(subject), reason: 'r' };
  return {
    event: { id, type: 'media.failed', atMs: 1, dataJson: JSON.stringify(references) },
    references,
    entry: null,
  };
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'append' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'again' as const }) },
  { weight: 4, arbitrary: releaseStep },
  { weight: 3, arbitrary: waitStep },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('publish' as const), author: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'page' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'sync' as const }) },
);

test('syncing at any moments, with late writes and reruns, a device gets every event exactly once by id', async (t) => {
  let held = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
      const writes = new HeldWrites();
      const world = await postWorld({
        pageEvents: 3,
        wrapStore: writes.wrap,
        thresholds: { threshold: 1, hysteresis: 0, graceMs: 0 },
      });
      const [user, pulledAuthor, ownless] = [world.user(), world.user(), world.user()];
      await world.follow(user, pulledAuthor);
      const authors = [user, pulledAuthor, ownless];
      const device = new Device(world, user);
      const expected = new Set<string>();
      const appends: Promise<void>[] = [];
      const subjectsOf: number[] = [];
      let subjects = 0;
      for (const each of steps) {
        world.clock.advance(10);
        if (each.kind === 'append' || (each.kind === 'again' && subjects > 0)) {
          const subject = each.kind === 'append' ? subjects++ : subjects - 1;
          expected.add(`media.failed:${subject}`);
          subjectsOf.push(subject);
          appends.push(world.inbox.append(user, failure(subject)));
          await nextTurn();
        } else if (each.kind === 'release') {
          await writes.release(each.index, each.unknown);
        } else if (each.kind === 'wait') {
          world.clock.advance(each.seconds * 1000);
        } else if (each.kind === 'publish') {
          const author = authors[each.author] as UserId;
          const post = await world.publish(author);
          if (author !== ownless) expected.add(`post.new:${post.id}`);
        } else if (each.kind === 'page') {
          await device.page();
        } else if (each.kind === 'sync') {
          await device.all();
        }
      }
      await writes.releaseAll();
      const settled = await Promise.allSettled(appends);
      for (const [index, each] of settled.entries()) {
        // One that was given up on is tried again by its job.
        if (each.status === 'rejected') await world.inbox.append(user, failure(subjectsOf[index] as number));
      }
      await device.all();
      t.deepEqual(device.order.toSorted(), [...expected].sort());
      t.is(device.resets, 0);
      held += writes.count;
    }),
    { numRuns: 150 },
  );
  t.true(held > 1_000, 'writes were late');
});

test('a slow reader finds 4,000 events within retention, in order, without a reset', async (t) => {
  const world = await postWorld();
  const user = world.user();
  const device = new Device(world, user);
  const expected: string[] = [];
  for (let index = 0; index < 4000; index++) {
    world.clock.advance(10_000 * (index % 50));
    await world.inbox.append(user, failure(index));
    expected.push(`media.failed:${index}`);
  }
  let pages = 1;
  for (; !(await device.page()); pages++) world.clock.advance(7_000);
  t.deepEqual(device.order, expected);
  t.is(device.resets, 0);
  t.true(pages >= 4000 / limits.syncPageEvents);
  await device.all();
  t.is(device.order.length, 4000);
});

test('beyond retention there is exactly one reset, and the cursor that comes with it goes on', async (t) => {
  const world = await postWorld();
  const [author, user] = [world.user(), world.user()];
  await world.follow(user, author);
  const device = new Device(world, user);
  await world.inbox.append(user, failure(1));
  world.clock.advance(limits.inboxRetentionMs);
  t.true(await device.page());
  t.is(device.resets, 1);
  await world.inbox.append(user, failure(2));
  await device.all();
  t.deepEqual([device.resets, device.order], [1, ['media.failed:2']]);
});

test('the cursor of a quiet account does not age out of retention', async (t) => {
  const world = await postWorld();
  const user = world.user();
  const device = new Device(world, user);
  await world.inbox.append(user, failure(1));
  for (let day = 0; day < 60; day++) {
    world.clock.advance(DAY_MS);
    await device.all();
  }
  t.is(device.resets, 0);
});

test('what may no longer be seen is left out: deleted posts, authors no longer followed', async (t) => {
  const world = await postWorld();
  const [author, left, user] = [world.user(), world.user(), world.user()];
  await world.follow(user, author);
  await world.follow(user, left);
  const device = new Device(world, user);
  const [kept, gone, unfollowed] = [
    await world.publish(author),
    await world.publish(author),
    await world.publish(left),
  ];
  await world.drain();
  await world.service.remove(author, gone.id);
  await world.unfollow(user, left);
  await world.drain();
  await device.all();
  t.deepEqual(device.order, [`post.new:${kept.id}`, `post.deleted:${gone.id}`]);
  t.false(device.known.has(`post.new:${unfollowed.id}`));
});

test('an event caught up shows the post as it is now, under the id of the live copy', async (t) => {
  const world = await postWorld();
  const [author, user] = [world.user(), world.user()];
  await world.follow(user, author);
  await world.live.activate(user);
  const cursor = idAt(world.clock.now() - limits.overlapMs);
  const post = await world.publish(author, 'first');
  await world.service.edit(author, post.id, { caption: 'second' });
  await world.service.remove(author, (await world.publish(author)).id);
  await world.drain();
  const { events } = await world.feed.sync(user, cursor);
  const live = world.live.logOf(user);
  const [first] = events;
  t.is(first?.id, live[0]?.id);
  t.is(first?.atMs, live[0]?.atMs);
  t.is((JSON.parse(first?.dataJson ?? '') as { caption: string }).caption, 'second');
  const [deleted, liveDeleted] = [events, live].map((list) => list.find((event) => event.type === 'post.deleted'));
  t.deepEqual(deleted, liveDeleted);
});

test("the author's other devices catch up with the author's own posts", async (t) => {
  const world = await postWorld();
  const author = world.user();
  const device = new Device(world, author);
  const post = await world.publish(author);
  await device.all();
  t.deepEqual(device.order, [`post.new:${post.id}`]);
});

test('cursors that are not ours are refused', async (t) => {
  const world = await postWorld();
  const now = idAt<PostId>(world.clock.now());
  const ahead = idAt<PostId>(world.clock.now() + 2 * limits.overlapMs);
  const seen = `${now}.${now}`;
  for (const cursor of [
    '',
    'x',
    `${now}.`,
    seen,
    `${seen}.x`,
    `${seen}.1.1`,
    ahead,
    `${now}.${ahead}.1`,
    `.${now}.1`,
  ]) {
    await t.throwsAsync(world.feed.sync(world.user(), cursor), { instanceOf: Problem, message: /invalid-cursor/ });
  }
});

test('events whose kind this server no longer writes are passed over', async (t) => {
  const world = await postWorld();
  const user = world.user();
  const device = new Device(world, user);
  const clock: ManualClock = world.clock;
  const row = {
    userId: user,
    day: Math.floor(clock.now() / DAY_MS),
    arrivalId: world.ids.next(),
    atMs: 1,
    references: {},
  };
  await world.memory.batch([
    putRow(inboxTable, { ...row, eventId: eventId('old.kind', '1'), type: 'old.kind' } as never),
  ]);
  await world.inbox.append(user, failure(1));
  await device.all();
  t.deepEqual(device.order, ['media.failed:1']);
});
