/** Comments of a post, in buckets of the calendar month of their id, newest first. */
import { type CommentId, type PostId, timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { monthOf } from '../buckets.ts';
import { type Mutation, putRow, type Store } from '../store.ts';
import type { RowOf } from '../table.ts';
import { comments } from '../tables/engagement.ts';
import { newestFirst, type NewestPage, type NewestRange } from './newest-first.ts';
import { pagesOf } from './pages-of.ts';

export type CommentRow = RowOf<typeof comments>;

const PAGE_ROWS = 1_000;

/** The row of a comment; `month` follows from its id. */
export function commentMutation(row: Omit<CommentRow, 'month'>): Mutation {
  return putRow(comments, { ...row, month: monthOf(timeOfId(row.commentId)) });
}

/** The comment's row without its words, kept until no earlier write of it can still be under way. */
export function commentGoneMutation(row: CommentRow, gone: { atMs: number; revision: number }): Mutation {
  return putRow(
    comments,
    { ...row, text: '', state: 'gone', revision: gone.revision },
    { expiresAtMs: gone.atMs + limits.tombstoneRetentionMs },
  );
}

export class Comments {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Active or gone. */
  read(postId: PostId, commentId: CommentId): Promise<CommentRow | null> {
    return this.store.get(comments, { postId, month: monthOf(timeOfId(commentId)), commentId });
  }

  /** Active comments, newest first, back to the month of the post. */
  page(postId: PostId, range: Omit<NewestRange<CommentId>, 'oldestMonth'>): Promise<NewestPage<CommentRow, CommentId>> {
    return newestFirst(
      { ...range, oldestMonth: monthOf(timeOfId(postId)) },
      {
        readMonth: (month, after, limit) =>
          this.store.page(comments, { postId, month }, { limit, ...(after === null ? {} : { after: [after] }) }),
        idOf: (row) => row.commentId,
        keep: (row) => row.state === 'active',
      },
    );
  }

  /** Counted from the rows themselves. */
  async count(postId: PostId, nowMs: number): Promise<number> {
    let active = 0;
    for (let month = monthOf(timeOfId(postId)); month <= monthOf(nowMs); month++) {
      for await (const rows of pagesOf(this.store, comments, { postId, month }, { pageRows: PAGE_ROWS })) {
        for (const row of rows) if (row.state === 'active') active++;
      }
    }
    return active;
  }
}
