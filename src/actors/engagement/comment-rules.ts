/** Pure: which comments may be written, and who may delete one. */
import { type ErrorCode, invariant } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { CommentRow } from '../../storage/repositories/comments.ts';

/** The gateway has judged the words; a text beyond the bounds here is a mistake of ours. */
export function checkCommentText(text: string): void {
  invariant(text.length > 0, 'a comment without text');
  // A character takes at most two units of UTF-16.
  invariant(text.length <= 2 * limits.commentCharactersMax, 'a comment longer than its limit');
}

/** A reply needs its parent to stand on that post. */
export function takesReplies(parent: CommentRow | null): parent is CommentRow {
  return parent !== null && parent.state === 'active';
}

export type DeletionVerdict = 'delete' | 'already-gone' | Extract<ErrorCode, 'forbidden' | 'not-found'>;

/** By whoever wrote the comment, or the post. `postAuthorId` is null for who may not see the post. */
export function judgeDeletion(
  comment: CommentRow | null,
  userId: UserId,
  postAuthorId: UserId | null,
): DeletionVerdict {
  if (comment === null) return 'not-found';
  const mayDelete = comment.authorId === userId || postAuthorId === userId;
  if (comment.state === 'gone') return mayDelete ? 'already-gone' : 'not-found';
  if (mayDelete) return 'delete';
  return postAuthorId === null ? 'not-found' : 'forbidden';
}
