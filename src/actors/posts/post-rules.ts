/** Who may see a post. Pure. */
import { assertNever } from '../../assert-never.ts';
import type { PublishId, UserId } from '../../ids.ts';
import type { PostRow } from './post-access.ts';

/** Live posts are public; authors also see what is not live yet, or failed. Nobody sees what was deleted. */
export function maySee(viewerId: UserId | null, post: PostRow): boolean {
  switch (post.state) {
    case 'live':
      return true;
    case 'draft':
    case 'failed':
      return post.authorId === viewerId;
    case 'deleted':
      return false;
    default:
      return assertNever(post.state);
  }
}

/**
 * Whether a place in a list is the post's own. A publication that was acknowledged late is stamped again: what was
 * written under the stamp before is not shown, wherever it got to.
 */
export function isListedAt(post: PostRow, publishId: PublishId | undefined): boolean {
  return post.state === 'live' && post.publishId === publishId;
}
