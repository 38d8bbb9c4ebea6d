/** What the live room reads when a user's actor is activated. An empty timeline is rebuilt from the followed authors. */
import type { Clock } from '../../clock.ts';
import type { UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { inParallel } from '../../parallel.ts';
import type { FollowEdges } from '../../storage/repositories/follow-edges.ts';
import type { PostRows } from '../../storage/repositories/posts.ts';
import type { TimelineRows } from '../../storage/repositories/timeline.ts';
import type { ActivationSource, TimelineEntry } from '../live/live-events.ts';
import type { SessionState } from '../live/session.ts';
import { mergeNewestFirst } from './feed-rules.ts';
import type { FeedSkeleton } from './feed-skeleton.ts';

export interface ActivationSourceParts {
  readonly posts: PostRows;
  readonly timelines: TimelineRows;
  readonly edges: FollowEdges;
  readonly skeleton: FeedSkeleton;
  readonly clock: Clock;
  readonly state: (userId: UserId) => Promise<SessionState>;
}

export class FeedActivationSource implements ActivationSource {
  private readonly parts: ActivationSourceParts;

  constructor(parts: ActivationSourceParts) {
    this.parts = parts;
  }

  followedAuthors(userId: UserId): Promise<readonly UserId[]> {
    return this.parts.edges.followedAuthors(userId);
  }

  async newestEntries(userId: UserId): Promise<readonly TimelineEntry[]> {
    const { skeleton } = this.parts;
    const read = await skeleton.fromStore(userId, null, limits.hotTimelineEntries);
    if (read.hasTimelineRows || !(await this.rebuild(userId))) return read.entries;
    const again = await skeleton.fromStore(userId, null, limits.hotTimelineEntries);
    return again.entries;
  }

  state(userId: UserId): Promise<SessionState> {
    return this.parts.state(userId);
  }

  /** Idempotent: the rows are those that fan-out wrote, or would write again. False if there is nothing to write. */
  private async rebuild(userId: UserId): Promise<boolean> {
    const { posts, timelines, edges, clock } = this.parts;
    const followed = await edges.followedAuthors(userId);
    if (followed.length === 0) return false;
    const nowMs = clock.now();
    const range = { before: null, sinceMs: nowMs - limits.timelineRetentionMs, nowMs };
    const each = Math.min(limits.mergedPostsMax, Math.ceil((2 * limits.timelineEntries) / followed.length) + 1);
    const lists = await inParallel(followed, limits.authorListsConcurrent, async (authorId) =>
      (await posts.newestOf(authorId, range, each)).filter((row) => row.delivery === 'push'),
    );
    const entries = mergeNewestFirst(lists, limits.timelineEntries);
    await timelines.add(userId, entries);
    return entries.length > 0;
  }
}
