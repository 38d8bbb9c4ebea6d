/** How many live posts an author has, counted from the author's list, month by month since the account was made. */
import { timeOfId, type UserId } from '../../ids.ts';
import { monthOf } from '../buckets.ts';
import type { Store } from '../store.ts';
import { postsByAuthor } from '../tables/posts.ts';
import { pagesOf } from './pages-of.ts';

const PAGE_ROWS = 1_000;

export async function countLivePosts(store: Store, authorId: UserId, nowMs: number): Promise<number> {
  let live = 0;
  for (let month = monthOf(timeOfId(authorId)); month <= monthOf(nowMs); month++) {
    for await (const rows of pagesOf(store, postsByAuthor, { authorId, month }, { pageRows: PAGE_ROWS })) {
      live += rows.length;
    }
  }
  return live;
}
