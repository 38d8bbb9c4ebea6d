/**
 * Which posts stand in a feed, as places only: from the hot timeline while it reaches, else timeline rows merged with the
 * lists of pulled authors and the reader's own.
 */
import type { PublishId, UserId } from '../../ids.ts';
import type { TimelineRows } from '../../storage/repositories/timeline.ts';
import type { HotView, TimelineEntry } from '../live/live-events.ts';
import { mergeNewestFirst } from './feed-rules.ts';
import type { PulledPosts } from './pulled-posts.ts';

export interface SkeletonPage {
  /** Newest first, at most as many as asked for. */
  readonly entries: readonly TimelineEntry[];
  /** There may be older ones. */
  readonly more: boolean;
}

/** What the store has, with the sources told apart. */
export interface StoredSkeletonPage extends SkeletonPage {
  /** Whether the timeline itself has a row here: without any, it was never written or is lost. */
  readonly hasTimelineRows: boolean;
}

export class FeedSkeleton {
  private readonly timelines: TimelineRows;
  private readonly pulled: PulledPosts;

  constructor(timelines: TimelineRows, pulled: PulledPosts) {
    this.timelines = timelines;
    this.pulled = pulled;
  }

  /** Places before `before` (null: from the newest). `hot`: the reader's hot timeline, if resident. */
  async read(userId: UserId, hot: HotView | null, before: PublishId | null, limit: number): Promise<SkeletonPage> {
    if (hot === null) return this.fromStore(userId, before, limit);
    return fromHot(hot, before, limit) ?? this.fromBoth(userId, hot, before, limit);
  }

  /** What was just published stands in the hot timeline and not yet in the store: a page over both ends lacks nothing. */
  private async fromBoth(userId: UserId, hot: HotView, before: PublishId | null, limit: number): Promise<SkeletonPage> {
    const stored = await this.fromStore(userId, before, limit);
    const merged = mergeNewestFirst([entriesBefore(hot, before), stored.entries], limit + 1);
    return { entries: merged.slice(0, limit), more: stored.more || merged.length > limit };
  }

  async fromStore(userId: UserId, before: PublishId | null, limit: number): Promise<StoredSkeletonPage> {
    const [rows, lists] = await Promise.all([
      this.timelines.newest(userId, before, limit + 1),
      this.pulled.newest(userId, before, limit + 1),
    ]);
    const merged = mergeNewestFirst([rows, ...lists], limit + 1).map(placeOf);
    return { entries: merged.slice(0, limit), more: merged.length > limit, hasTimelineRows: rows.length > 0 };
  }
}

/** Null when the hot timeline does not reach far enough to know. */
function fromHot(hot: HotView, before: PublishId | null, limit: number): SkeletonPage | null {
  const entries = entriesBefore(hot, before);
  if (entries.length > limit) return { entries: entries.slice(0, limit), more: true };
  return hot.truncated ? null : { entries, more: false };
}

function entriesBefore(hot: HotView, before: PublishId | null): readonly TimelineEntry[] {
  return before === null ? hot.entries : hot.entries.filter((entry) => entry.publishId < before);
}

function placeOf({ publishId, postId, authorId }: TimelineEntry): TimelineEntry {
  return { publishId, postId, authorId };
}
