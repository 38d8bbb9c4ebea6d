/** Brings an author's recent posts into a follower's timeline: rows for those that are pushed, and the hot timeline. */
import type { Clock } from '../../clock.ts';
import type { UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { PostRows } from '../../storage/repositories/posts.ts';
import type { TimelineRows } from '../../storage/repositories/timeline.ts';
import type { LiveEvents } from '../live/live-events.ts';
import type { TimelineMerger } from './timeline-merger.ts';

export interface TimelineMergerParts {
  readonly posts: PostRows;
  readonly timelines: TimelineRows;
  readonly live: Pick<LiveEvents, 'mergeTimeline'>;
  readonly clock: Clock;
}

export class StoredTimelineMerger implements TimelineMerger {
  private readonly parts: TimelineMergerParts;

  constructor(parts: TimelineMergerParts) {
    this.parts = parts;
  }

  async mergeAuthor(userId: UserId, authorId: UserId): Promise<void> {
    const { posts, timelines, live, clock } = this.parts;
    const nowMs = clock.now();
    const range = { before: null, sinceMs: nowMs - limits.timelineRetentionMs, nowMs };
    const rows = await posts.newestOf(authorId, range, limits.mergedPostsMax);
    await timelines.add(
      userId,
      // Pulled posts are merged at every read.
      rows.filter((row) => row.delivery === 'push'),
    );
    live.mergeTimeline(
      userId,
      rows.map(({ publishId, postId }) => ({ publishId, postId, authorId })),
    );
  }
}
