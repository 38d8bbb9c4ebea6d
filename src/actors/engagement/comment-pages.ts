/** Pages of a post's comments, newest first, as clients see them. */
import type { CommentId, PostId } from '../../ids.ts';
import type { CommentRow, Comments } from '../../storage/repositories/comments.ts';
import { decodeMonthlyCursor, encodeMonthlyCursor } from '../monthly-cursor.ts';
import type { PageRequest, Profiles } from '../services.ts';
import type { CommentView, Page, UserSummary } from '../views.ts';

export function commentView(row: Omit<CommentRow, 'month'>, author: UserSummary): CommentView {
  return {
    id: row.commentId,
    postId: row.postId,
    author,
    parentId: row.parentId,
    text: row.text,
    createdAt: new Date(row.createdAtMs).toISOString(),
  };
}

export interface CommentPagesDependencies {
  readonly comments: Comments;
  readonly profiles: Pick<Profiles, 'summaries'>;
}

/** `nowMs`: at or above the time of every comment. Comments of accounts that are gone are left out. */
export async function commentPage(
  { comments, profiles }: CommentPagesDependencies,
  postId: PostId,
  { cursor, limit }: PageRequest,
  nowMs: number,
): Promise<Page<CommentView>> {
  const after = decodeMonthlyCursor<CommentId>('comments', cursor);
  const { rows, next } = await comments.page(postId, { after, limit, nowMs });
  const authors = await profiles.summaries(rows.map((row) => row.authorId));
  const items = rows.flatMap((row, index) => {
    const author = authors[index] ?? null;
    return author === null ? [] : [commentView(row, author)];
  });
  return { items, nextCursor: next === null ? null : encodeMonthlyCursor('comments', next) };
}
