/** An author's list holds exactly the live posts, each under the id it was published with. */
import { timeOfId } from '../../ids.ts';
import { monthOf } from '../../storage/buckets.ts';
import { listPost, type PostRow } from '../../storage/repositories/posts.ts';
import type { RowOf } from '../../storage/table.ts';
import { posts, postsByAuthor } from '../../storage/tables/posts.ts';
import type { Check, FsckContext } from './check.ts';

type ListRow = RowOf<typeof postsByAuthor>;

/** What is listed is live. */
export function listedPostsCheck({ store, recount }: FsckContext): Check<ListRow> {
  return {
    kind: 'author-list',
    candidates: () => store.scan(postsByAuthor),
    async examine({ authorId, month, publishId, postId }) {
      const post = await store.get(posts, { postId });
      if (post?.state === 'live' && post.publishId === publishId && post.authorId === authorId) return null;
      if ((await store.get(postsByAuthor, { authorId, month, publishId })) === null) return null;
      return {
        what: `list of ${authorId}: post ${postId} is ${post?.state ?? 'missing'}`,
        async mend() {
          await store.remove(postsByAuthor, { authorId, month, publishId });
          recount.add(authorId);
          return true;
        },
      };
    },
  };
}

/** What is live is listed. */
export function unlistedPostsCheck({ store, recount }: FsckContext): Check<PostRow> {
  return {
    kind: 'author-list',
    candidates: () => store.scan(posts),
    async examine({ postId }) {
      const post = await store.get(posts, { postId });
      const publishId = post?.publishId ?? null;
      if (post?.state !== 'live' || publishId === null) return null;
      const { authorId } = post;
      const listed = await store.get(postsByAuthor, { authorId, month: monthOf(timeOfId(publishId)), publishId });
      if (listed?.postId === postId) return null;
      return {
        what: `list of ${authorId}: live post ${postId} is not in it`,
        async mend() {
          await store.batch([listPost(post, publishId)]);
          recount.add(authorId);
          return true;
        },
      };
    },
  };
}
