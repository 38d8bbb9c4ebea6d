/** How many live posts an author has, counted from the author's list, month by month since the account was made. */
import { timeOfId, type UserId } from '../../ids.ts';
import { monthOf } from '../buckets.ts';
import type { Store } from '../store.ts';
import { postsByAuthor } from '../tables/posts.ts';

export async function countLivePosts(store: Store, authorId: UserId, nowMs: number): Promise<number> {
  let live = 0;
  for (let month = monthOf(timeOfId(authorId)); month <= monthOf(nowMs); month++) {
    live += await store.count(postsByAuthor, { authorId, month });
  }
  return live;
}
