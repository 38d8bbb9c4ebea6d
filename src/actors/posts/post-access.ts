/** Who may see a post. Every path that shows one goes through here. */
import type { PostId, UserId } from '../../ids.ts';
import type { RowOf } from '../../storage/table.ts';
import type { posts } from '../../storage/tables/posts.ts';

export type PostRow = RowOf<typeof posts>;

export interface PostAccess {
  /** The live post, or rejects `not-found`: not there, not live, deleted, or not for this viewer. Authors also see their drafts. */
  visible(viewerId: UserId | null, postId: PostId): Promise<PostRow>;
}
