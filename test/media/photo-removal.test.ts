import test from 'ava';
import { Problem } from '../../src/errors.ts';
import type { MediaId, UserId } from '../../src/ids.ts';
import type { OutboxEntry } from '../../src/storage/activity.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { cannedPool, MediaWorld, OWNER, type Pool } from './media-world.ts';

const PHOTO = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(100)]);

test('deleting the post removes every blob and leaves the row gone, also when it is repeated', async (t) => {
  const world = new MediaWorld();
  const { mediaId, entry } = await world.uploaded(PHOTO);
  const worker = world.worker(cannedPool);
  await worker.handle(entry);
  const deletion = await world.deletePost(mediaId);
  await world.removal().handle(deletion);
  await world.removal().handle(deletion);
  await worker.handle(entry);
  t.like(await world.row(mediaId), { state: 'gone', renditions: [] });
  t.deepEqual(await world.keys(), []);
});

/** The port, and the names of what is called of it. */
function watched<Port extends object>(port: Port): { port: Port; calls: string[] } {
  const calls: string[] = [];
  const proxy = new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...values: unknown[]): unknown => {
        calls.push(String(name));
        return Reflect.apply(member, target, values);
      };
    },
  });
  return { port: proxy, calls };
}

test('all photos of a post go together, by one write of the rows and one removal of the blobs, and no other post’s', async (t) => {
  const world = new MediaWorld();
  const worker = world.worker(cannedPool);
  const photos: MediaId[] = [];
  for (let made = 0; made < 3; made++) {
    const { mediaId, entry } = await world.uploaded(PHOTO);
    await worker.handle(entry);
    photos.push(mediaId);
  }
  const avatar = await world.uploaded(PHOTO, null);
  const [store, blobs] = [watched<Store>(world.store), watched<BlobStore>(world.blobs)];
  const removal = world.removal({ store: store.port, blobs: blobs.port });

  await removal.handle(await world.deletePost(...photos, avatar.mediaId, '0000000000007' as MediaId));
  t.deepEqual(store.calls, ['get', 'getMany', 'writeAll']);
  t.deepEqual(blobs.calls, ['removeAll']);
  for (const mediaId of photos) t.like(await world.row(mediaId), { state: 'gone', renditions: [], thumbHash: '' });
  t.is((await world.row(avatar.mediaId)).state, 'uploaded');
  t.is((await world.keys()).length, 1, 'the original of the avatar');
});

/** The port of a process that dies before its call number `left.calls + 1`. */
function mortal<Port extends object>(port: Port, left: { calls: number }): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      return async (...values: unknown[]) => {
        if (left.calls-- <= 0) throw new Problem('unavailable', { detail: 'the process is dead' });
        return Reflect.apply(member as (...given: unknown[]) => unknown, target, values);
      };
    },
  });
}

test('whatever the call before which a removal dies: nothing dangles, and the next try takes all of it away', async (t) => {
  for (let calls = 0; ; calls++) {
    const world = new MediaWorld();
    const { mediaId, entry } = await world.uploaded(PHOTO);
    await world.worker(cannedPool).handle(entry);
    const deletion = await world.deletePost(mediaId);
    const left = { calls };
    const ports = { store: mortal(world.store, left), blobs: mortal(world.blobs, left) };
    const died = await world
      .removal(ports)
      .handle(deletion)
      .then(
        () => false,
        () => true,
      );
    t.is((await world.reconciler.reconcile({ dryRun: true, graceMs: 0 })).dangling, 0, `death at ${calls}`);
    await world.removal().handle(deletion);
    t.is((await world.row(mediaId)).state, 'gone', `death at ${calls}`);
    t.deepEqual(await world.keys(), [], `death at ${calls}`);
    if (died) continue;
    t.is(calls, 4, 'post, rows, rows gone, blobs');
    break;
  }
});

test('an avatar that is replaced while it is being made goes once it is made', async (t) => {
  const world = new MediaWorld();
  const { mediaId, entry } = await world.uploaded(PHOTO, null);
  const replaced: OutboxEntry = {
    ...entry,
    activity: { kind: 'user.updated', userId: OWNER, replacedAvatarId: mediaId },
  };
  let early: unknown = null;
  const slow: Pool = {
    render: (photo, deliver) =>
      cannedPool.render(photo, async (rendered) => {
        await deliver(rendered);
        early = await world
          .removal()
          .handle(replaced)
          .catch((error: unknown) => error);
      }),
  };
  await world.worker(slow).handle(entry);
  t.true(early instanceof Problem && early.code === 'unavailable', 'tried again later');
  await world.removal().handle(replaced);
  t.is((await world.row(mediaId)).state, 'gone');
  t.deepEqual(await world.keys(), []);
});

test('a replaced avatar goes with its blobs, unless it is the avatar again; nobody else’s picture ever does', async (t) => {
  const world = new MediaWorld();
  const avatar = await world.uploaded(PHOTO, null);
  const photo = await world.uploaded(PHOTO);
  const worker = world.worker(cannedPool);
  await worker.handle(avatar.entry);
  await worker.handle(photo.entry);
  const removal = world.removal();
  const replaced = (userId: UserId, replacedAvatarId: MediaId | null): OutboxEntry => ({
    ...avatar.entry,
    activity: { kind: 'user.updated', userId, replacedAvatarId },
  });
  const before = await world.keys();
  await world.hasAvatar(avatar.mediaId);
  await removal.handle(replaced(OWNER, avatar.mediaId));
  await removal.handle(replaced(OWNER, null));
  await removal.handle(replaced(OWNER, photo.mediaId));
  await removal.handle(replaced('0000000000009' as UserId, avatar.mediaId));
  t.deepEqual(await world.keys(), before);
  await world.hasAvatar(null);
  await removal.handle(replaced(OWNER, avatar.mediaId));
  await removal.handle(replaced(OWNER, avatar.mediaId));
  t.is((await world.row(avatar.mediaId)).state, 'gone');
  t.deepEqual(await world.keys(), (await world.row(photo.mediaId)).renditions.map(({ blobKey }) => blobKey).sort());
});
