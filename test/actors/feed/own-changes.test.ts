/**
 * What an author's other devices learn of edits and deletions, although batches become visible row by row, late, or without
 * their writer knowing, and fan-out runs at any moment: a device that syncs ends up with every post as it is, and none that
 * is connected is told of a version with what was there before it.
 */
import test from 'ava';
import fc from 'fast-check';
import { nextTurn } from '../../../src/clock.ts';
import { idAt, type PostId, type UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { outbox } from '../../../src/storage/tables/operations.ts';
import { HeldWrites, releaseStep, waitStep } from '../held-writes.ts';
import { type PostWorld, postWorld } from '../post-world.ts';

/** Drops what it knows by id and applies newer versions only, as the protocol asks. */
class Device {
  readonly versions = new Map<PostId, number>();
  readonly deleted = new Set<PostId>();
  private readonly known = new Set<string>();
  private readonly world: PostWorld;
  private readonly user: UserId;
  private cursor: string;

  constructor(world: PostWorld, user: UserId) {
    this.world = world;
    this.user = user;
    this.cursor = idAt(world.clock.now() - limits.overlapMs);
  }

  async page(): Promise<boolean> {
    const page = await this.world.feed.sync(this.user, this.cursor);
    for (const { id, type, dataJson } of page.events) {
      if (this.known.has(id)) continue;
      this.known.add(id);
      const post = JSON.parse(dataJson) as { readonly id: PostId; readonly version: number };
      if (type === 'post.deleted') this.deleted.add(post.id);
      else this.versions.set(post.id, Math.max(post.version, this.versions.get(post.id) ?? 0));
    }
    this.cursor = page.cursor;
    return page.done;
  }

  async all(): Promise<void> {
    while (!(await this.page()));
  }
}

/** Handles what stands in the outbox, as workers do: a row whose work failed stays for the next time. */
async function fanOut(world: PostWorld): Promise<void> {
  for (const entry of await world.pending()) {
    try {
      if (entry.consumer === 'fan-out') await world.fanOut.handle(entry);
      await world.memory.remove(outbox, entry);
    } catch {
      // Tried again when the test comes by here next.
    }
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('edit' as const), post: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), post: fc.nat(1) }) },
  { weight: 6, arbitrary: releaseStep },
  { weight: 3, arbitrary: waitStep },
  { weight: 3, arbitrary: fc.constant({ kind: 'fan-out' as const }) },
  { weight: 6, arbitrary: fc.constant({ kind: 'page' as const }) },
  { weight: 6, arbitrary: fc.constant({ kind: 'turn' as const }) },
);

test("an author's other device ends up with every post as it is", async (t) => {
  let held = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
      const writes = new HeldWrites();
      const world = await postWorld({ exposeHalfBatches: true, wrapStore: writes.wrap });
      const author = world.user();
      const posts = [await world.publish(author), await world.publish(author)];
      await world.drain();
      await world.live.activate(author);
      const device = new Device(world, author);
      const running: Promise<unknown>[] = [];
      const begin = (work: Promise<unknown>): void => {
        running.push(work.catch(() => undefined));
      };
      for (const [number, each] of steps.entries()) {
        world.clock.advance(10);
        const { id } = posts[each.kind === 'edit' || each.kind === 'delete' ? each.post : 0] as { id: PostId };
        if (each.kind === 'edit') begin(world.service.edit(author, id, { caption: String(number) }));
        else if (each.kind === 'delete') begin(world.service.remove(author, id));
        // What is let through becomes visible row by row during the next steps.
        else if (each.kind === 'release') begin(writes.release(each.index, each.unknown));
        else if (each.kind === 'wait') world.clock.advance(each.seconds * 1000);
        else if (each.kind === 'fan-out') begin(fanOut(world));
        else if (each.kind === 'page') await device.page();
        await nextTurn();
      }
      await writes.releaseAll();
      await Promise.all(running);
      await fanOut(world);
      await device.all();
      t.deepEqual(await world.pending(), []);
      for (const { id, dataJson } of world.live.logOf(author)) {
        const [type, , version] = id.split(':');
        const told = JSON.parse(dataJson) as { readonly version: number };
        if (type === 'post.updated')
          t.true(told.version >= Number(version), 'a connected phone is told of what is there');
      }
      for (const { id } of posts) {
        const post = await world.rows.byId(id);
        if (post?.state === 'deleted') t.true(device.deleted.has(id));
        else t.is(device.versions.get(id), post?.version);
      }
      held += writes.count;
    }),
    { numRuns: 300 },
  );
  t.true(held > 1_000, 'writes were held');
});
