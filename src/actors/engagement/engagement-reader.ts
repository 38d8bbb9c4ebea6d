/** What pages show of likes and comments, read in batches. */
import type { PostId, UserId } from '../../ids.ts';

export interface EngagementCounts {
  readonly likeCount: number;
  readonly commentCount: number;
}

export interface EngagementReader {
  /** In the order of `postIds`. */
  counts(postIds: readonly PostId[]): Promise<EngagementCounts[]>;
  /** In the order of `postIds`. */
  likedBy(userId: UserId, postIds: readonly PostId[]): Promise<boolean[]>;
}
