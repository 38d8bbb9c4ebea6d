/** The rows that tie two things together, always written on both sides in one batch, with one revision. */
import type { PostId, UserId } from '../../ids.ts';
import { timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { monthOf, shardOf } from '../buckets.ts';
import { type Mutation, putRow, type WriteOptions } from '../store.ts';
import { likesByPost, likesByUser } from '../tables/engagement.ts';
import { followers, follows } from '../tables/graph.ts';

export type EdgeState = 'active' | 'gone';

/** When and how an edge changed. `atMs` is the time of the activity's id: it tells which activity made the edge. */
export interface EdgeChange {
  readonly state: EdgeState;
  readonly atMs: number;
  /** Above every revision read of this edge. */
  readonly revision: number;
}

/** A row in state "gone" outlives every write that could still be under way, then vanishes. */
function lifetime(change: EdgeChange): WriteOptions {
  return change.state === 'gone' ? { expiresAtMs: change.atMs + limits.tombstoneRetentionMs } : {};
}

export function followBucket(followerId: UserId): number {
  return shardOf(followerId, limits.followerBuckets);
}

export function likeBucket(userId: UserId): number {
  return shardOf(userId, limits.likeBuckets);
}

export function followMutations(followerId: UserId, followedId: UserId, change: EdgeChange): Mutation[] {
  const edge = { followerId, followedId, state: change.state, sinceMs: change.atMs, revision: change.revision };
  return [
    putRow(follows, edge, lifetime(change)),
    putRow(followers, { ...edge, bucket: followBucket(followerId) }, lifetime(change)),
  ];
}

export function likeMutations(userId: UserId, postId: PostId, change: EdgeChange): Mutation[] {
  const edge = { userId, postId, state: change.state, likedAtMs: change.atMs, revision: change.revision };
  return [
    putRow(likesByUser, { ...edge, month: monthOf(timeOfId(postId)) }, lifetime(change)),
    putRow(likesByPost, { ...edge, bucket: likeBucket(userId) }, lifetime(change)),
  ];
}
