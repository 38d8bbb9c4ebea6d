/** Comments: written once per idempotency key, deleted by who wrote the comment or the post. */
import { Problem } from '../../errors.ts';
import { type CommentId, type IdSource, type PostId, type RevisionSource, timeOfId, type UserId } from '../../ids.ts';
import { type Dispatch, recordActivity } from '../../storage/activity.ts';
import {
  commentGoneMutation,
  commentMutation,
  type CommentRow,
  type Comments,
} from '../../storage/repositories/comments.ts';
import type { Store } from '../../storage/store.ts';
import { countKey } from '../counts/count-targets.ts';
import type { LiveCounts } from '../counts/live-counts.ts';
import type { PostRow } from '../posts/post-access.ts';
import { takesReplies } from './comment-rules.ts';

export interface CommentCommandsDependencies {
  readonly store: Store;
  readonly comments: Comments;
  readonly counts: LiveCounts;
  readonly ids: IdSource;
  readonly revisions: RevisionSource;
  readonly dispatch: Dispatch;
}

export interface NewComment {
  readonly commentId: CommentId;
  readonly authorId: UserId;
  readonly text: string;
  readonly parentId: CommentId | null;
}

export class CommentCommands {
  private readonly dependencies: CommentCommandsDependencies;

  constructor(dependencies: CommentCommandsDependencies) {
    this.dependencies = dependencies;
  }

  /** Within the author's mailbox. `fresh` is false if this very comment was written before: nothing is written again. */
  async write(post: PostRow, comment: NewComment): Promise<{ row: Omit<CommentRow, 'month'>; fresh: boolean }> {
    const { store, comments, counts, ids, revisions, dispatch } = this.dependencies;
    const { postId, authorId: postAuthorId } = post;
    const before = await comments.read(postId, comment.commentId);
    if (before !== null) return { row: before, fresh: false };
    if (comment.parentId !== null && !takesReplies(await comments.read(postId, comment.parentId))) {
      throw new Problem('not-found', { detail: 'The comment to reply to is not there.' });
    }
    const { commentId, parentId, authorId: userId, text } = comment;
    const row = {
      postId,
      commentId,
      authorId: userId,
      parentId,
      text,
      state: 'active' as const,
      createdAtMs: timeOfId(commentId),
      revision: revisions.next(),
    };
    const recorded = recordActivity(
      ids,
      { kind: 'comment.created', postId, commentId, userId, authorId: postAuthorId, parentId },
      postId,
    );
    await store.batch([commentMutation(row), ...recorded.mutations]);
    dispatch(recorded.entries);
    await counts.change(countKey({ name: 'comments', postId }), 1);
    return { row, fresh: true };
  }

  /** Within the mailbox of who deletes. */
  async remove(row: CommentRow, userId: UserId): Promise<void> {
    const { store, counts, ids, revisions, dispatch } = this.dependencies;
    const { postId, commentId } = row;
    revisions.observe(row.revision);
    const recorded = recordActivity(ids, { kind: 'comment.deleted', postId, commentId, userId }, postId);
    const gone = { atMs: timeOfId(recorded.activityId), revision: revisions.next() };
    await store.batch([commentGoneMutation(row, gone), ...recorded.mutations]);
    dispatch(recorded.entries);
    await counts.change(countKey({ name: 'comments', postId }), -1);
  }

  /** Active or gone. */
  read(postId: PostId, commentId: CommentId): Promise<CommentRow | null> {
    return this.dependencies.comments.read(postId, commentId);
  }
}
