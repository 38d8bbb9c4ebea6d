/** The two counts of a post, as pages and watchers see them. */
import type { PostId } from '../../ids.ts';
import type { EngagementCounts } from '../engagement/engagement-reader.ts';
import { countKey } from './count-targets.ts';
import type { LiveCounts } from './live-counts.ts';

/** In the order of `postIds`. */
export async function shownPostCounts(counts: LiveCounts, postIds: readonly PostId[]): Promise<EngagementCounts[]> {
  const values = await counts.read(
    postIds.flatMap((postId) => [countKey({ name: 'likes', postId }), countKey({ name: 'comments', postId })]),
  );
  return postIds.map((_, index) => ({
    likeCount: values[2 * index] ?? 0,
    commentCount: values[2 * index + 1] ?? 0,
  }));
}
