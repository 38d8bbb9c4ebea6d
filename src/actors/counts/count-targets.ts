/** Which counts an activity may have changed. */
import { assertNever } from '../../assert-never.ts';
import type { PostId, UserId } from '../../ids.ts';
import type { Activity } from '../../storage/activity.ts';
import { type CountKey, postSubject, userSubject } from '../../storage/repositories/counters.ts';

/** One count that can be recounted from rows. */
export type CountTarget =
  | { readonly name: 'followers' | 'following' | 'posts'; readonly userId: UserId }
  | { readonly name: 'likes' | 'comments'; readonly postId: PostId };

export function countKey(target: CountTarget): CountKey {
  const subject = 'userId' in target ? userSubject(target.userId) : postSubject(target.postId);
  return { subject, name: target.name };
}

export function targetsOf(activity: Activity): readonly CountTarget[] {
  switch (activity.kind) {
    case 'follow.created':
    case 'follow.removed':
      return [
        { name: 'followers', userId: activity.followedId },
        { name: 'following', userId: activity.followerId },
      ];
    case 'like.created':
    case 'like.removed':
      return [{ name: 'likes', postId: activity.postId }];
    case 'comment.created':
    case 'comment.deleted':
      return [{ name: 'comments', postId: activity.postId }];
    case 'post.published':
    case 'post.deleted':
      return [{ name: 'posts', userId: activity.authorId }];
    case 'post.updated':
    case 'fan-out.chunk':
    case 'user.registered':
    case 'user.updated':
    case 'media.uploaded':
    case 'media.processed':
      return [];
    default:
      return assertNever(activity);
  }
}
