/** A backup reads table after table while servers work: whenever something happens in between, nothing is half restored. */
import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../src/clock.ts';
import { composeId, IdSource, type MediaId, type PostId, type PublishId, type UserId } from '../../src/ids.ts';
import { BackupFolder } from '../../src/maintenance/backup/backup-folder.ts';
import { backup, prepareBackupFolder } from '../../src/maintenance/backup/backup.ts';
import { restore } from '../../src/maintenance/backup/restore.ts';
import { recordActivity } from '../../src/storage/activity.ts';
import { MemoryBlobStore } from '../../src/storage/memory/memory-blob-store.ts';
import { MemoryStore } from '../../src/storage/memory/memory-store.ts';
import { listPost, putPost, type PostRow } from '../../src/storage/repositories/posts.ts';
import { putTimelineRow } from '../../src/storage/repositories/timeline.ts';
import { removeRow, type Store } from '../../src/storage/store.ts';
import type { Table } from '../../src/storage/table.ts';
import { activities, outbox, sweepMarks } from '../../src/storage/tables/operations.ts';
import { media, posts, postsByAuthor } from '../../src/storage/tables/posts.ts';
import { timeline } from '../../src/storage/tables/timeline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const AUTHOR = composeId<UserId>(Date.UTC(2026, 0, 1), 1, 1);
const FAN = composeId<UserId>(Date.UTC(2026, 0, 1), 1, 2);

/** One post, as commands and workers write it step by step. */
class OnePost {
  readonly store = new MemoryStore({ clock: systemClock });
  private readonly ids = new IdSource(systemClock, 1);
  readonly postId = this.ids.next<PostId>();
  readonly publishId = this.ids.next<PublishId>();
  private readonly published = recordActivity(
    this.ids,
    { kind: 'post.published', postId: this.postId, publishId: this.publishId, authorId: AUTHOR },
    this.postId,
  );
  private readonly deleted = recordActivity(
    this.ids,
    { kind: 'post.deleted', postId: this.postId, publishId: this.publishId, authorId: AUTHOR, version: 3 },
    this.postId,
  );
  private readonly row: PostRow = {
    postId: this.postId,
    authorId: AUTHOR,
    publishId: this.publishId,
    state: 'live',
    caption: 'here',
    photos: [{ mediaId: this.ids.next<MediaId>(), altText: '' }],
    delivery: 'push',
    version: 2,
    createdAtMs: Date.now(),
    editedAtMs: null,
    failureReason: null,
    revision: 1,
  };

  publish(): Promise<void> {
    return this.store.batch([putPost(this.row), listPost(this.row, this.publishId), ...this.published.mutations]);
  }

  async fanOut(): Promise<void> {
    await this.store.batch([putTimelineRow(FAN, { ...this.row, publishId: this.publishId })]);
    await this.finish(this.published);
  }

  delete(): Promise<void> {
    const row: PostRow = { ...this.row, state: 'deleted', caption: '', version: 3, revision: 2 };
    return this.store.batch([putPost(row), ...this.deleted.mutations]);
  }

  async cleanUp(): Promise<void> {
    await this.store.batch([removeRow(timeline, { userId: FAN, publishId: this.publishId })]);
    await this.finish(this.deleted);
  }

  private async finish({ entries }: ReturnType<typeof recordActivity>): Promise<void> {
    await this.store.batch(
      entries.map(({ shard, minute, outboxId }) => removeRow(outbox, { shard, minute, outboxId })),
    );
  }
}

type Act = () => Promise<void>;

/** The store as a backup sees it: before the scan of each number, what is to happen then happens. */
function whileRead(
  store: Store,
  acts: ReadonlyMap<number, readonly Act[]>,
): { store: Store; scanned: readonly string[] } {
  const scanned: string[] = [];
  const moving = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const method = (member as (...given: unknown[]) => unknown).bind(target);
      if (name !== 'scanWithExpiry') return method;
      return async function* (...given: unknown[]) {
        for (const act of acts.get(scanned.length) ?? []) await act();
        scanned.push((given[0] as Table).name);
        yield* method(...given) as AsyncIterable<unknown>;
      };
    },
  });
  return { store: moving, scanned };
}

/** Backs up while the acts happen before their scans, and restores into an empty place. */
async function restored(
  post: OnePost,
  acts: ReadonlyMap<number, readonly Act[]>,
): Promise<{ store: Store; scanned: readonly string[] }> {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'backup');
  const blobs = new MemoryBlobStore({ clock: systemClock });
  const { store, scanned } = whileRead(post.store, acts);
  const mediumNow = (mediaId: MediaId) => post.store.get(media, { mediaId });
  const source = { store, blobs, mediumNow, isOneMoment: false, beganAtMs: systemClock.now(), secret: null };
  await backup(source, await prepareBackupFolder(path), systemClock);
  const target = new MemoryStore({ clock: systemClock });
  await restore(new BackupFolder(path), { store: target, blobs, clock: systemClock });
  await folder.remove();
  return { store: target, scanned };
}

async function workLeft(store: Store, kind: string, consumer: string): Promise<boolean> {
  for await (const row of store.scan(outbox)) if (row.activity.kind === kind && row.consumer === consumer) return true;
  return false;
}

/** Every pair of moments before a scan that tells, the first not after the second. */
async function pairs(): Promise<[number, number][]> {
  const { scanned } = await restored(new OnePost(), new Map());
  const telling = new Set<string>(
    [sweepMarks, outbox, posts, media, postsByAuthor, timeline, activities].map(({ name }) => name),
  );
  const moments = [...scanned.keys()].filter((moment) => telling.has(scanned[moment] ?? ''));
  return moments.flatMap((first, index) => moments.slice(index).map((second): [number, number] => [first, second]));
}

function at(...moments: readonly [number, Act][]): ReadonlyMap<number, readonly Act[]> {
  const acts = new Map<number, Act[]>();
  for (const [moment, act] of moments) acts.set(moment, [...(acts.get(moment) ?? []), act]);
  return acts;
}

test('a post that is live in a backup is in its followers’ timelines, or it is still written down that it must be', async (t) => {
  const ways = await pairs();
  let live = 0;
  for (const [published, fannedOut] of ways) {
    const post = new OnePost();
    const acts = at([published, () => post.publish()], [fannedOut, () => post.fanOut()]);
    const { store } = await restored(post, acts);
    const row = await store.get(posts, { postId: post.postId });
    if (row === null) continue;
    live++;
    const place = await store.get(timeline, { userId: FAN, publishId: post.publishId });
    const isLeft = await workLeft(store, 'post.published', 'fan-out');
    t.true(place !== null || isLeft, `published before scan ${published}, told before scan ${fannedOut}`);
  }
  t.log(`${ways.length} ways to come between scans; the post was in the backup in ${live}`);
  t.true(live > 0);
});

test('a post whose photographs a restored installation will remove is deleted in it', async (t) => {
  const ways = await pairs();
  let gone = 0;
  for (const [deleted, cleaned] of ways) {
    const post = new OnePost();
    await post.publish();
    await post.fanOut();
    const { store } = await restored(post, at([deleted, () => post.delete()], [cleaned, () => post.cleanUp()]));
    const row = await store.get(posts, { postId: post.postId });
    if (row?.state === 'deleted') gone++;
    else
      t.false(
        await workLeft(store, 'post.deleted', 'media'),
        `deleted before scan ${deleted}, cleaned before ${cleaned}`,
      );
    const place = await store.get(timeline, { userId: FAN, publishId: post.publishId });
    const isLeft = await workLeft(store, 'post.deleted', 'fan-out');
    if (row?.state === 'deleted') t.true(place === null || isLeft);
  }
  t.log(`deleted in ${gone} of ${ways.length}`);
  t.true(gone > 0);
});
