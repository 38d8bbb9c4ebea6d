/** Likes: who likes a post, bucket by bucket, and which posts a user likes. */
import { type PostId, timeOfId, type UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { monthOf } from '../buckets.ts';
import type { Store } from '../store.ts';
import type { RowOf } from '../table.ts';
import { likesByPost, likesByUser } from '../tables/engagement.ts';
import { pagesOf } from './pages-of.ts';

export type LikeRow = RowOf<typeof likesByUser>;

const PAGE_ROWS = 1_000;

function keyOf(userId: UserId, postId: PostId): Pick<LikeRow, 'userId' | 'month' | 'postId'> {
  return { userId, month: monthOf(timeOfId(postId)), postId };
}

export class Likes {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** The liker's side of the edge, active or gone. */
  edge(userId: UserId, postId: PostId): Promise<LikeRow | null> {
    return this.store.get(likesByUser, keyOf(userId, postId));
  }

  /** In the order of `postIds`. */
  async likedBy(userId: UserId, postIds: readonly PostId[]): Promise<boolean[]> {
    const flags: boolean[] = [];
    for (let start = 0; start < postIds.length; start += PAGE_ROWS) {
      const keys = postIds.slice(start, start + PAGE_ROWS).map((postId) => keyOf(userId, postId));
      const rows = await this.store.getMany(likesByUser, keys);
      flags.push(...rows.map((row) => row?.state === 'active'));
    }
    return flags;
  }

  /** Counted from the rows themselves. */
  async count(postId: PostId): Promise<number> {
    let active = 0;
    for (let bucket = 0; bucket < limits.likeBuckets; bucket++) {
      for await (const rows of pagesOf(this.store, likesByPost, { postId, bucket }, { pageRows: PAGE_ROWS })) {
        for (const row of rows) if (row.state === 'active') active++;
      }
    }
    return active;
  }
}
