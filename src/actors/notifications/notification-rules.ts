/**
 * Pure: who is told of an activity, and whether it still holds. A notification's id is the activity's, so a rerun writes
 * the same row; an edge carries the time of the activity that made it, so of a follow that was undone and done again
 * only the last is told.
 */
import { assertNever } from '../../assert-never.ts';
import { type ActivityId, type NotificationId, timeOfId, type UserId } from '../../ids.ts';
import type { Activity } from '../../storage/activity.ts';
import type { NotificationRow } from '../../storage/repositories/notifications.ts';

export type NotifiedActivity = Extract<Activity, { kind: 'follow.created' | 'like.created' | 'comment.created' }>;
export type Notice = Omit<NotificationRow, 'month'>;

export function isNotified(activity: Activity): activity is NotifiedActivity {
  return activity.kind === 'follow.created' || activity.kind === 'like.created' || activity.kind === 'comment.created';
}

/** Who did it. */
export function actorOf(activity: NotifiedActivity): UserId {
  return activity.kind === 'follow.created' ? activity.followerId : activity.userId;
}

/**
 * One notice for each user concerned, never for the actor. A reply tells the author of the comment replied to
 * (`parentAuthorId`; null: there is none), and the post's author like every comment; whoever is both hears of the reply.
 */
export function noticesOf(
  activityId: ActivityId,
  activity: NotifiedActivity,
  parentAuthorId: UserId | null,
): readonly Notice[] {
  const actorId = actorOf(activity);
  const made = { notificationId: activityId as string as NotificationId, actorId };
  const all = ((): Notice[] => {
    switch (activity.kind) {
      case 'follow.created':
        return [{ ...made, userId: activity.followedId, kind: 'follow', postId: null, commentId: null }];
      case 'like.created':
        return [{ ...made, userId: activity.authorId, kind: 'like', postId: activity.postId, commentId: null }];
      case 'comment.created': {
        const { postId, commentId, authorId } = activity;
        const about = { ...made, postId, commentId };
        const reply: Notice[] = parentAuthorId === null ? [] : [{ ...about, userId: parentAuthorId, kind: 'reply' }];
        return parentAuthorId === authorId ? reply : [...reply, { ...about, userId: authorId, kind: 'comment' }];
      }
      default:
        return assertNever(activity);
    }
  })();
  return all.filter((notice) => notice.userId !== actorId);
}

/** True if the edge is the one that this activity made. */
export function edgeMadeBy(activityId: ActivityId, edge: { state: 'active' | 'gone'; atMs: number } | null): boolean {
  return edge !== null && edge.state === 'active' && edge.atMs === timeOfId(activityId);
}
