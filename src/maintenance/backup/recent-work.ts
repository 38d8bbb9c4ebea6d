/**
 * Rows that were read one after the other while servers worked do not fit each other: an effect may be missing because
 * its table was read before, and the work that would bring it because the outbox was read after. So the outbox is read
 * first and the activities last, and whatever they tell of the time in between is put back into the outbox of the restored
 * installation. Work that is done twice changes nothing.
 */
import type { ActivityId, OutboxId } from '../../ids.ts';
import { idAt, timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { inParallel } from '../../parallel.ts';
import { type Activity, CONSUMERS_OF, type OutboxEntry } from '../../storage/activity.ts';
import { hourOf, minuteOf } from '../../storage/buckets.ts';
import { range } from '../../storage/repositories/bucket-rounds.ts';
import { pagesOf } from '../../storage/repositories/pages-of.ts';
import { type PostRow, putPost, unlistPost } from '../../storage/repositories/posts.ts';
import type { Store } from '../../storage/store.ts';
import type { RowOf } from '../../storage/table.ts';
import { activities, outbox } from '../../storage/tables/operations.ts';
import { media, posts } from '../../storage/tables/posts.ts';
import type { Manifest } from './backup-folder.ts';

type ActivityRow = RowOf<typeof activities>;

/** Puts the work of a backup's own time back; resolves to how many entries. Repeating it is fine. */
export async function redoRecentWork(store: Store, { beganAtMs, endedAtMs }: Manifest): Promise<number> {
  const first = idAt<ActivityId>(beganAtMs - limits.overlapMs);
  let entries = 0;
  for (const hour of range(hourOf(beganAtMs - limits.overlapMs), hourOf(endedAtMs + limits.overlapMs))) {
    for (const shard of range(0, limits.outboxShards - 1)) {
      for await (const rows of pagesOf(store, activities, { hour, shard }, { pageRows: limits.movedRowsPage })) {
        const recent = rows.filter((row) => row.activityId >= first);
        const redone = await inParallel(recent, limits.movedRowsConcurrent, (row) => redo(store, row, endedAtMs));
        entries += redone.reduce((sum, count) => sum + count, 0);
      }
    }
  }
  return entries;
}

async function redo(store: Store, row: ActivityRow, endedAtMs: number): Promise<number> {
  if (!(await isReflected(store, row.activity, endedAtMs))) return 0;
  const written = CONSUMERS_OF[row.activity.kind].map((consumer): OutboxEntry => {
    // Of the backup's last moment, so that no sweeper has gone past it; always the same for the same work.
    const outboxId = `${idAt<OutboxId>(endedAtMs)}-${row.activityId}-${consumer}` as OutboxId;
    const { shard, activityId, activity } = row;
    return { shard, minute: minuteOf(timeOfId(outboxId)), outboxId, consumer, activityId, activity };
  });
  for (const entry of written) await store.put(outbox, entry);
  return written.length;
}

/** Whether the rows show what the activity tells of; if they can be made to, they are. */
async function isReflected(store: Store, activity: Activity, endedAtMs: number): Promise<boolean> {
  if (activity.kind === 'media.uploaded') {
    const medium = await store.get(media, { mediaId: activity.mediaId });
    return medium !== null && medium.state !== 'pending';
  }
  if (activity.kind === 'post.deleted') {
    const post = await store.get(posts, { postId: activity.postId });
    const deleted = { version: activity.version, expiresAtMs: endedAtMs + limits.outboxRetentionMs };
    if (post !== null && post.state !== 'deleted') await deletePost(store, post, deleted);
  }
  return true;
}

/** Its photographs may be gone by now: what was deleted stays so. */
async function deletePost(
  store: Store,
  post: PostRow,
  { version, expiresAtMs }: { readonly version: number; readonly expiresAtMs: number },
): Promise<void> {
  const deleted: PostRow = { ...post, state: 'deleted', caption: '', version, revision: post.revision + 1 };
  await store.batch([
    putPost(deleted, expiresAtMs),
    ...(post.publishId === null ? [] : [unlistPost(post, post.publishId)]),
  ]);
}
