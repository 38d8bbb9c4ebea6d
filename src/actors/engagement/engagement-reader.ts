/** What pages show of likes and comments, read in batches. */
import type { PostId, UserId } from '../../ids.ts';

export interface EngagementCounts {
  readonly likeCount: number;
  readonly commentCount: number;
}

export interface EngagementReader {
  /** In the order of `postIds`. */
  counts(postIds: readonly PostId[]): Promise<EngagementCounts[]>;
  /** The same without asking the store: as they were last known, 0 where they never were. */
  lastCounts(postIds: readonly PostId[]): EngagementCounts[];
  /** In the order of `postIds`. */
  likedBy(userId: UserId, postIds: readonly PostId[]): Promise<boolean[]>;
}
