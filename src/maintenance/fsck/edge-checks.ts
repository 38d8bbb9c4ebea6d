/**
 * Follows and likes are written on both sides at once. Where the sides differ, the one with the higher revision is right,
 * and both are written again above it. "Gone" and "not there" mean the same.
 */
import { timeOfId, type PostId, type UserId } from '../../ids.ts';
import { monthOf } from '../../storage/buckets.ts';
import {
  type EdgeChange,
  type EdgeState,
  followBucket,
  followMutations,
  likeBucket,
  likeMutations,
} from '../../storage/repositories/edge-batches.ts';
import type { Mutation } from '../../storage/store.ts';
import { likesByPost, likesByUser } from '../../storage/tables/engagement.ts';
import { followers, follows } from '../../storage/tables/graph.ts';
import type { Check, FsckContext, Wrong } from './check.ts';

interface Side {
  readonly state: EdgeState;
  readonly atMs: number;
  readonly revision: number;
}

interface FollowKey {
  readonly followerId: UserId;
  readonly followedId: UserId;
}

interface LikeKey {
  readonly userId: UserId;
  readonly postId: PostId;
}

export function followChecks(context: FsckContext): Check<FollowKey>[] {
  const { store } = context;
  const examine = async ({ followerId, followedId }: FollowKey): Promise<Wrong | null> => {
    const [near, far] = await Promise.all([
      store.get(follows, { followerId, followedId }),
      store.get(followers, { followedId, bucket: followBucket(followerId), followerId }),
    ]);
    const sides = [near, far].map((row) => row && { state: row.state, atMs: row.sinceMs, revision: row.revision });
    return difference(context, sides, {
      name: `${followerId} follows ${followedId}`,
      counted: [followerId, followedId],
      write: (change) => followMutations(followerId, followedId, change),
    });
  };
  return [
    { kind: 'follow-edge', candidates: () => store.scan(follows), examine },
    { kind: 'follow-edge', candidates: () => store.scan(followers), examine },
  ];
}

export function likeChecks(context: FsckContext): Check<LikeKey>[] {
  const { store } = context;
  const examine = async ({ userId, postId }: LikeKey): Promise<Wrong | null> => {
    const [near, far] = await Promise.all([
      store.get(likesByUser, { userId, month: monthOf(timeOfId(postId)), postId }),
      store.get(likesByPost, { postId, bucket: likeBucket(userId), userId }),
    ]);
    const sides = [near, far].map((row) => row && { state: row.state, atMs: row.likedAtMs, revision: row.revision });
    return difference(context, sides, {
      name: `${userId} likes ${postId}`,
      counted: [postId],
      write: (change) => likeMutations(userId, postId, change),
    });
  };
  return [
    { kind: 'like-edge', candidates: () => store.scan(likesByUser), examine },
    { kind: 'like-edge', candidates: () => store.scan(likesByPost), examine },
  ];
}

interface Edge {
  readonly name: string;
  /** Whose counts it is in. */
  readonly counted: readonly string[];
  readonly write: (change: EdgeChange) => Mutation[];
}

function difference(
  { store, revisions, recount }: FsckContext,
  sides: readonly (Side | null)[],
  edge: Edge,
): Wrong | null {
  const [near, far] = sides.map((side) => side?.state === 'active');
  if (near === far) return null;
  const there = sides.filter((side) => side !== null);
  // "Gone" wins a tie, as a removed follow must not come back.
  const [right] = there.toSorted((a, b) => b.revision - a.revision || (a.state === 'gone' ? -1 : 1));
  if (right === undefined) return null;
  return {
    what: `${edge.name}: ${near === true ? 'yes' : 'no'} on one side, ${far === true ? 'yes' : 'no'} on the other`,
    async mend() {
      for (const side of there) revisions.observe(side.revision);
      await store.batch(edge.write({ state: right.state, atMs: right.atMs, revision: revisions.next() }));
      recount.add(...edge.counted);
      return true;
    },
  };
}
