/** Likes: an edge from a user to a post, written by the liker's mailbox on both sides at once. */
import { type IdSource, type PostId, type RevisionSource, timeOfId, type UserId } from '../../ids.ts';
import { type Dispatch, recordActivity } from '../../storage/activity.ts';
import { type EdgeState, likeMutations } from '../../storage/repositories/edge-batches.ts';
import type { Likes } from '../../storage/repositories/likes.ts';
import type { Store } from '../../storage/store.ts';
import { countKey } from '../counts/count-targets.ts';
import type { LiveCounts } from '../counts/live-counts.ts';
import { changesEdge } from '../edges/edge-rules.ts';
import type { PostRow } from '../posts/post-access.ts';

export interface LikeCommandsDependencies {
  readonly store: Store;
  readonly likes: Likes;
  readonly counts: LiveCounts;
  readonly ids: IdSource;
  readonly revisions: RevisionSource;
  readonly dispatch: Dispatch;
}

export class LikeCommands {
  private readonly dependencies: LikeCommandsDependencies;

  constructor(dependencies: LikeCommandsDependencies) {
    this.dependencies = dependencies;
  }

  /** Within the user's mailbox. False if the edge stood as wanted: then nothing was written. */
  async set(userId: UserId, post: PostRow, wanted: EdgeState): Promise<boolean> {
    const { store, likes, counts, ids, revisions, dispatch } = this.dependencies;
    const { postId, authorId } = post;
    const edge = await likes.edge(userId, postId);
    if (!changesEdge(edge, wanted)) return false;
    const kind = wanted === 'active' ? 'like.created' : 'like.removed';
    const recorded = recordActivity(ids, { kind, postId, userId, authorId }, postId);
    if (edge !== null) revisions.observe(edge.revision);
    const change = { state: wanted, atMs: timeOfId(recorded.activityId), revision: revisions.next() };
    await store.batch([...likeMutations(userId, postId, change), ...recorded.mutations]);
    dispatch(recorded.entries);
    await counts.change(countKey({ name: 'likes', postId }), wanted === 'active' ? 1 : -1);
    return true;
  }

  /** In the order of `postIds`. */
  likedBy(userId: UserId, postIds: readonly PostId[]): Promise<boolean[]> {
    return this.dependencies.likes.likedBy(userId, postIds);
  }
}
