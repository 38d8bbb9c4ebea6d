/**
 * The consumer `fan-out-chunk`: one stored range of a follower list. Who follows is read again now, so nobody is told
 * anything on an edge that is gone; what became of the post is read again before and after, so nothing of a deleted post
 * is left in a timeline. Now and then it takes away what has become too much for a timeline.
 */
import type { Clock } from '../../clock.ts';
import { invariant } from '../../errors.ts';
import { timeOfId, type PublishId, type UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { inGroups } from '../../parallel.ts';
import type { FannedOut, OutboxEntry } from '../../storage/activity.ts';
import type { FollowEdges } from '../../storage/repositories/follow-edges.ts';
import type { PostRows } from '../../storage/repositories/posts.ts';
import { removeTimelineRow, type TimelineRows } from '../../storage/repositories/timeline.ts';
import type { Store } from '../../storage/store.ts';
import type { InboxWriter } from '../feed/inbox-writer.ts';
import { isListedAt } from '../posts/post-rules.ts';
import type { PostNews } from './post-news.ts';

export interface FanOutChunkParts {
  readonly store: Store;
  readonly posts: PostRows;
  readonly timelines: TimelineRows;
  readonly edges: FollowEdges;
  readonly news: PostNews;
  readonly inbox: InboxWriter;
  readonly clock: Pick<Clock, 'random'>;
}

export class FanOutChunks {
  private readonly parts: FanOutChunkParts;

  constructor(parts: FanOutChunkParts) {
    this.parts = parts;
  }

  async handle(entry: OutboxEntry): Promise<void> {
    const { activity, activityId } = entry;
    invariant(activity.kind === 'fan-out.chunk', 'a chunk was expected');
    const followers = await this.parts.edges.inRange(activity.of.authorId, activity.range);
    await this.tell(followers, activity.of, timeOfId(activityId));
  }

  /** `atMs`: when the activity was recorded. */
  async tell(followers: readonly UserId[], activity: FannedOut, atMs: number): Promise<void> {
    const { inbox, news } = this.parts;
    if (followers.length === 0) return;
    const told = await news.of(activity, atMs);
    if (told === null) return;
    if (activity.kind === 'post.deleted' && activity.publishId !== null) {
      await this.removePlaces(followers, activity.publishId);
    }
    await inbox.appendToMany(followers, told);
    if (activity.kind !== 'post.published') return;
    await this.recheck(followers, activity);
    await this.trimSome(followers);
  }

  /** By chance, and so for everyone in time: counting each timeline's rows would cost more than the surplus does. */
  private async trimSome(followers: readonly UserId[]): Promise<void> {
    const { clock, timelines } = this.parts;
    const chosen = followers.filter(() => clock.random() * limits.timelineTrimEvery < 1);
    for (const userId of chosen) await timelines.trim(userId);
  }

  /** Deleted, or stamped again, while the rows were written: whoever did that may have looked before we wrote. */
  private async recheck(
    followers: readonly UserId[],
    { postId, publishId }: Extract<FannedOut, { kind: 'post.published' }>,
  ): Promise<void> {
    const post = await this.parts.posts.byId(postId);
    if (post === null || !isListedAt(post, publishId)) await this.removePlaces(followers, publishId);
  }

  private async removePlaces(followers: readonly UserId[], publishId: PublishId): Promise<void> {
    for (const group of inGroups(followers, limits.storeWriteAllMutations)) {
      await this.parts.store.writeAll(group.map((userId) => removeTimelineRow(userId, publishId)));
    }
  }
}
