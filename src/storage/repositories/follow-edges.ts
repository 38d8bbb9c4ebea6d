/** Product queries over the follow graph. Both sides of an edge are written in one batch by `follow` commands. */
import type { UserId } from '../../ids.ts';

/**
 * A stored stretch of an author's follower list: a rerun reads the same followers, plus or minus edges changed since.
 * Either several whole buckets (small ones travel together), or a part of one. Plain JSON, for the data of a job.
 */
export interface FollowerRange {
  readonly firstBucket: number;
  /** Included. Equal to `firstBucket` when `after` or `upTo` is set. */
  readonly lastBucket: number;
  /** Excluded; null: from the first bucket's beginning. */
  readonly after: UserId | null;
  /** Included; null: to the last bucket's end. */
  readonly upTo: UserId | null;
}

export interface FollowEdges {
  /** Active edges only, at most `limits.followingMax`. */
  followedAuthors(userId: UserId): Promise<UserId[]>;
  /** In the order of `followedIds`. */
  follows(followerId: UserId, followedIds: readonly UserId[]): Promise<boolean[]>;
  /** All active followers if they are few; null if there are more than `most`. */
  allIfFew(followedId: UserId, most: number): Promise<UserId[] | null>;
  /**
   * Splits the whole follower list into ranges of about `size` active followers; none when nobody follows. Who follows
   * after the plan was read finds the post by merging the author's list.
   */
  planRanges(followedId: UserId, size: number): AsyncIterable<FollowerRange>;
  /** The active followers of one range. */
  inRange(followedId: UserId, range: FollowerRange): Promise<UserId[]>;
}
