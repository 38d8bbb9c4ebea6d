/** Reads whether what a notification would tell of still holds. */
import { assertNever } from '../../assert-never.ts';
import { Problem } from '../../errors.ts';
import type { ActivityId, PostId, UserId } from '../../ids.ts';
import type { Comments } from '../../storage/repositories/comments.ts';
import type { Likes } from '../../storage/repositories/likes.ts';
import type { StoredFollowEdges } from '../../storage/repositories/stored-follow-edges.ts';
import type { PostAccess } from '../posts/post-access.ts';
import { edgeMadeBy, type Notice, type NotifiedActivity } from './notification-rules.ts';

export interface NotificationFactsDependencies {
  readonly edges: StoredFollowEdges;
  readonly likes: Likes;
  readonly comments: Comments;
  readonly access: PostAccess;
}

export class NotificationFacts {
  private readonly dependencies: NotificationFactsDependencies;

  constructor(dependencies: NotificationFactsDependencies) {
    this.dependencies = dependencies;
  }

  /**
   * Whoever wrote the comment that this one replies to, also if that was deleted since: a rerun must come to the same
   * notices. Null if it is no reply.
   */
  async parentAuthor(activity: NotifiedActivity): Promise<UserId | null> {
    if (activity.kind !== 'comment.created' || activity.parentId === null) return null;
    const parent = await this.dependencies.comments.read(activity.postId, activity.parentId);
    return parent?.authorId ?? null;
  }

  /** False once it was undone. */
  async stands(activityId: ActivityId, activity: NotifiedActivity): Promise<boolean> {
    const { edges, likes, comments } = this.dependencies;
    switch (activity.kind) {
      case 'follow.created': {
        const edge = await edges.edge(activity.followerId, activity.followedId);
        return edgeMadeBy(activityId, edge === null ? null : { state: edge.state, atMs: edge.sinceMs });
      }
      case 'like.created': {
        const edge = await likes.edge(activity.userId, activity.postId);
        return edgeMadeBy(activityId, edge === null ? null : { state: edge.state, atMs: edge.likedAtMs });
      }
      case 'comment.created':
        return (await comments.read(activity.postId, activity.commentId))?.state === 'active';
      default:
        return assertNever(activity);
    }
  }

  /** False if the notice is about a post that its receiver may not see (any more). */
  async mayKnow(notice: Notice): Promise<boolean> {
    return notice.postId === null || this.visible(notice.userId, notice.postId);
  }

  private async visible(userId: UserId, postId: PostId): Promise<boolean> {
    try {
      await this.dependencies.access.visible(userId, postId);
      return true;
    } catch (error) {
      if (error instanceof Problem && error.code === 'not-found') return false;
      throw error;
    }
  }
}
