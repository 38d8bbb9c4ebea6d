/** Which posts a feed or a catch-up may show its reader now. Pure. */
import type { UserId } from '../../ids.ts';
import type { TimelineEntry } from '../live/live-events.ts';
import type { PostRow } from '../posts/post-access.ts';
import { isListedAt, maySee } from '../posts/post-rules.ts';

/** Authors whose posts the reader gets: those followed now. Their own always. */
export type FollowedNow = ReadonlySet<UserId>;

/** A post reaches a reader who may see it and who is its author or follows them. */
export function reaches(userId: UserId, post: PostRow, followed: FollowedNow): boolean {
  return post.state === 'live' && maySee(userId, post) && (post.authorId === userId || followed.has(post.authorId));
}

/** The same, of a place in a timeline: it must be the post's own. */
export function belongsInFeed(userId: UserId, entry: TimelineEntry, post: PostRow, followed: FollowedNow): boolean {
  return isListedAt(post, entry.publishId) && reaches(userId, post, followed);
}

/** Descending lists merged into one, each place once. */
export function mergeNewestFirst(lists: readonly (readonly TimelineEntry[])[], limit: number): TimelineEntry[] {
  const byPublishId = new Map<string, TimelineEntry>();
  for (const list of lists) {
    for (const entry of list) byPublishId.set(entry.publishId, entry);
  }
  return [...byPublishId.values()].sort((left, right) => (left.publishId < right.publishId ? 1 : -1)).slice(0, limit);
}
