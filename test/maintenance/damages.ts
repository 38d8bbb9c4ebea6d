/** Every kind of thing that `fsck` knows to be wrong, done to a small town. */
import { composeId, type ActivityId, type OutboxId, type PublishId } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';
import type { FindingKind } from '../../src/maintenance/fsck/check.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import { minuteOf } from '../../src/storage/buckets.ts';
import { postSubject } from '../../src/storage/repositories/counters.ts';
import { likeBucket } from '../../src/storage/repositories/edge-batches.ts';
import type { Store } from '../../src/storage/store.ts';
import { likesByPost } from '../../src/storage/tables/engagement.ts';
import { counters, follows } from '../../src/storage/tables/graph.ts';
import { outbox, sweepMarks } from '../../src/storage/tables/operations.ts';
import { media, postsByAuthor } from '../../src/storage/tables/posts.ts';
import { timeline } from '../../src/storage/tables/timeline.ts';
import type { SmallTown } from './small-town.ts';

export interface Place {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly town: SmallTown;
}

async function firstRow<Row>(rows: AsyncIterable<Row>, wanted: (row: Row) => boolean): Promise<Row> {
  for await (const row of rows) if (wanted(row)) return row;
  throw new Error('there is no such row');
}

async function lowestListed({ store, town }: Place) {
  return firstRow(store.scan(postsByAuthor), (row) => row.authorId === town.author && row.postId === town.livePost);
}

export interface Damage {
  readonly name: string;
  readonly kind: FindingKind;
  readonly act: (place: Place) => Promise<void>;
}

/** In an order in which all of them can be done to one town. */
export const DAMAGES: readonly Damage[] = [
  {
    name: 'a blob that belongs to nothing',
    kind: 'orphan-blob',
    async act({ blobs }) {
      const key = `${composeId(Date.now(), 1, 1)}/${'a'.repeat(26)}/640.jpg`;
      const content = (async function* () {
        yield Buffer.from('left over');
      })();
      await blobs.writeTemporary(key, content, { contentType: 'image/jpeg', bytesMax: 100 });
      await blobs.promote(key);
    },
  },
  {
    name: 'a photograph that was taken away',
    kind: 'dangling-reference',
    async act({ store, blobs, town }) {
      const row = await firstRow(store.scan(media), (each) => each.postId === town.livePost);
      const [first] = row.renditions;
      await blobs.remove(first?.blobKey ?? '');
    },
  },
  {
    name: 'every size of a photograph taken away',
    kind: 'dangling-reference',
    async act({ store, blobs, town }) {
      const row = await firstRow(store.scan(media), (each) => each.postId === town.livePost);
      for (const { blobKey } of row.renditions) await blobs.remove(blobKey);
    },
  },
  {
    name: 'a deleted post in a timeline',
    kind: 'timeline-row',
    async act({ store, town }) {
      const publishId = composeId<PublishId>(Date.now(), 1, 1);
      await store.put(timeline, { userId: town.fan, publishId, postId: town.deletedPost, authorId: town.author });
    },
  },
  {
    name: 'a deleted post on its author’s list',
    kind: 'author-list',
    async act(place) {
      const row = await lowestListed(place);
      const publishId = composeId<PublishId>(Date.now(), 1, 1);
      await place.store.put(postsByAuthor, { ...row, publishId, postId: place.town.deletedPost });
    },
  },
  {
    name: 'a post that is missing from its author’s list',
    kind: 'author-list',
    async act(place) {
      await place.store.remove(postsByAuthor, await lowestListed(place));
    },
  },
  {
    name: 'a follow that only one side knows of',
    kind: 'follow-edge',
    async act({ store, town }) {
      const row = await firstRow(store.scan(follows), (each) => each.followerId === town.fan);
      await store.put(follows, { ...row, state: 'gone', revision: row.revision + 1 });
    },
  },
  {
    name: 'a like that only one side knows of',
    kind: 'like-edge',
    async act({ store, town }) {
      const key = { postId: town.livePost, bucket: likeBucket(town.author), userId: town.author };
      await store.put(likesByPost, { ...key, state: 'active', likedAtMs: Date.now(), revision: Date.now() * 1000 });
    },
  },
  {
    name: 'a count that is off',
    kind: 'counter',
    async act({ store, town }) {
      // Long ago: of what was counted a moment ago, servers may be counting still.
      const revision = (Date.now() - 10 * limits.outboxOverdueMs) * 1000;
      await store.put(counters, { subject: postSubject(town.quietPost), name: 'comments', value: 7, revision });
    },
  },
];

/** Work that was written down long ago and where no sweeper looks any more: kind `outbox-overdue`. */
export async function forgetWork({ store, town }: Place): Promise<void> {
  const writtenAtMs = Date.now() - 10 * limits.outboxOverdueMs;
  const outboxId = composeId<OutboxId>(writtenAtMs, 1, 1);
  const activityId = composeId<ActivityId>(writtenAtMs, 1, 2);
  const activity = { kind: 'like.removed', postId: town.livePost, userId: town.fan, authorId: town.author } as const;
  const row = { shard: 0, minute: minuteOf(writtenAtMs), outboxId, activityId, activity };
  await store.put(outbox, { ...row, consumer: 'counters' });
  const mark = await store.get(sweepMarks, { shard: 0 });
  await store.put(sweepMarks, { shard: 0, minute: minuteOf(Date.now()), revision: (mark?.revision ?? 0) + 1 });
}
