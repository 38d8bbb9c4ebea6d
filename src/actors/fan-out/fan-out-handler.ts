/**
 * The consumer `fan-out`: brings what happened to a post to every follower, an author's posts to whoever began to follow,
 * and cleans up behind who unfollowed. A long follower list is split into stored ranges, each an outbox row of its own; this handler's row is removed only after
 * theirs are written. A rerun writes the same rows again, or more of them: what a range does is idempotent.
 *
 * Inboxes are in the order of what happened because the consumer calls it for one thing of an author after the other (see
 * `laneOf` in `src/actors/outbox/consumers.ts`). So a call ends only when everything it writes is acknowledged.
 */
import { assertNever } from '../../assert-never.ts';
import type { Clock } from '../../clock.ts';
import type { OutboxId } from '../../ids.ts';
import { timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { inGroups } from '../../parallel.ts';
import type { Activity, Dispatch, FannedOut, OutboxEntry } from '../../storage/activity.ts';
import type { FollowEdges, FollowerRange } from '../../storage/repositories/follow-edges.ts';
import type { PostRows } from '../../storage/repositories/posts.ts';
import type { TimelineRows } from '../../storage/repositories/timeline.ts';
import { putRow, type Store } from '../../storage/store.ts';
import { outbox } from '../../storage/tables/operations.ts';
import type { InboxRows } from '../../storage/repositories/inbox.ts';
import type { InboxWriter } from '../feed/inbox-writer.ts';
import type { TimelineMerger } from '../feed/timeline-merger.ts';
import type { LiveEvents } from '../live/live-events.ts';
import { ownCopyId } from '../posts/own-copy.ts';
import type { PostChange } from '../posts/post-events.ts';
import type { PostNews } from './post-news.ts';
import type { FanOutChunks } from './fan-out-chunks.ts';

export interface FanOutParts {
  readonly store: Store;
  readonly posts: PostRows;
  readonly timelines: TimelineRows;
  readonly edges: FollowEdges;
  readonly news: PostNews;
  readonly chunks: FanOutChunks;
  readonly inbox: InboxWriter;
  readonly inboxes: Pick<InboxRows, 'has'>;
  readonly live: Pick<LiveEvents, 'deliver'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly merger: TimelineMerger;
  readonly dispatch: Dispatch;
  /** Followers per chunk. */
  readonly chunkSize: number;
}

export class FanOutHandler {
  private readonly parts: FanOutParts;

  constructor(parts: FanOutParts) {
    this.parts = parts;
  }

  async handle(entry: OutboxEntry): Promise<void> {
    const { activity } = entry;
    switch (activity.kind) {
      case 'post.published':
        return this.toFollowers(entry, activity);
      case 'post.updated':
      case 'post.deleted':
        return bothEnded(this.toAuthor(entry, activity), this.toFollowers(entry, activity));
      case 'follow.created':
        return this.bringIn(activity);
      case 'follow.removed':
        return this.cleanUp(activity);
      case 'fan-out.chunk':
        return this.parts.chunks.handle(entry);
      case 'user.registered':
      case 'user.updated':
      case 'media.uploaded':
      case 'media.processed':
      case 'like.created':
      case 'like.removed':
      case 'comment.created':
      case 'comment.deleted':
        return;
      default:
        assertNever(activity);
    }
  }

  /**
   * The author's other devices. Their row was written with the change. If it is missing, or may have come to stand behind a
   * reader (late-write rule), another is appended. New posts need none: readers take them from the author's own list.
   */
  private async toAuthor({ activityId }: OutboxEntry, change: PostChange): Promise<void> {
    const { news, inbox, inboxes, live, clock } = this.parts;
    const { authorId } = change;
    const told = await news.of(change, timeOfId(activityId));
    if (told === null) return;
    const inTime = clock.now() - timeOfId(activityId) <= limits.lateWriteMs;
    if (inTime && (await inboxes.has(authorId, ownCopyId(activityId)))) live.deliver(authorId, told.event, null);
    else await inbox.append(authorId, told);
  }

  private async toFollowers(entry: OutboxEntry, activity: FannedOut): Promise<void> {
    const { posts, edges, chunks, chunkSize } = this.parts;
    const post = await posts.byId(activity.postId);
    // Followers of a pulled author read the author's list; what changes about a post they hold, they revalidate.
    if (post?.delivery === 'pull') return;
    if (activity.kind === 'post.deleted' && activity.publishId === null) return;
    const few = await edges.allIfFew(activity.authorId, chunkSize);
    if (few !== null) return chunks.tell(few, activity, timeOfId(entry.activityId));
    const ranges: FollowerRange[] = [];
    for await (const range of edges.planRanges(activity.authorId, chunkSize)) ranges.push(range);
    await this.writeChunks(ranges.map((range) => chunkEntry(entry, activity, range)));
  }

  private async writeChunks(entries: readonly OutboxEntry[]): Promise<void> {
    const { store, dispatch } = this.parts;
    for (const group of inGroups(entries, limits.storeWriteAllMutations)) {
      await store.writeAll(group.map((chunk) => putRow(outbox, chunk)));
    }
    dispatch(entries);
  }

  /** The follow itself has merged already, unless it died between its commit and its merge. */
  private async bringIn({ followerId, followedId }: Extract<Activity, { kind: 'follow.created' }>): Promise<void> {
    const { edges, timelines, merger } = this.parts;
    const [follows] = await edges.follows(followerId, [followedId]);
    if (follows !== true) return;
    await merger.mergeAuthor(followerId, followedId);
    // Unfollowed meanwhile: whoever cleaned up may have been done before the merge.
    const [stillFollows] = await edges.follows(followerId, [followedId]);
    if (stillFollows === false) await timelines.removeAuthor(followerId, followedId);
  }

  /** Nothing of the author stays in the timeline, unless the edge is back: then what a new follower sees is put back. */
  private async cleanUp({ followerId, followedId }: Extract<Activity, { kind: 'follow.removed' }>): Promise<void> {
    const { edges, timelines, merger } = this.parts;
    const [followsAgain] = await edges.follows(followerId, [followedId]);
    if (followsAgain === true) return;
    await timelines.removeAuthor(followerId, followedId);
    const [cameBack] = await edges.follows(followerId, [followedId]);
    if (cameBack === true) await merger.mergeAuthor(followerId, followedId);
  }
}

/** Rejects as one of them does, but only when neither is under way any more. */
async function bothEnded(first: Promise<void>, second: Promise<void>): Promise<void> {
  await Promise.allSettled([first, second]);
  await first;
  await second;
}

/**
 * The chunk's id says which range it is: planned anew after a crash, the same id always means the same followers, and a
 * worker that finishes a range of the plan before removes no other. It sorts right behind its parent, in the same minute,
 * where the sweeper looks as long as the parent or a chunk is there.
 */
function chunkEntry(parent: OutboxEntry, of: FannedOut, range: FollowerRange): OutboxEntry {
  const { firstBucket, lastBucket, after, upTo } = range;
  const name = `${firstBucket}-${lastBucket}-${after ?? ''}-${upTo ?? ''}`;
  return {
    ...parent,
    outboxId: `${parent.outboxId}-${name}` as OutboxId,
    consumer: 'fan-out-chunk',
    activity: { kind: 'fan-out.chunk', of, range },
  };
}
