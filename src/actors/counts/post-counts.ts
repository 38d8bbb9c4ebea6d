/** The two counts of a post, as pages and watchers see them. */
import type { PostId } from '../../ids.ts';
import type { CountKey } from '../../storage/repositories/counters.ts';
import type { EngagementCounts } from '../engagement/engagement-reader.ts';
import { countKey } from './count-targets.ts';
import type { LiveCounts } from './live-counts.ts';

/** In the order of `postIds`. */
export async function shownPostCounts(counts: LiveCounts, postIds: readonly PostId[]): Promise<EngagementCounts[]> {
  return pairs(await counts.read(keysOf(postIds)));
}

/** The same without asking the store. */
export function lastPostCounts(counts: LiveCounts, postIds: readonly PostId[]): EngagementCounts[] {
  return pairs(counts.lastKnown(keysOf(postIds)));
}

function keysOf(postIds: readonly PostId[]): CountKey[] {
  return postIds.flatMap((postId) => [countKey({ name: 'likes', postId }), countKey({ name: 'comments', postId })]);
}

function pairs(values: readonly number[]): EngagementCounts[] {
  return Array.from({ length: values.length / 2 }, (_, index) => ({
    likeCount: values[2 * index] ?? 0,
    commentCount: values[2 * index + 1] ?? 0,
  }));
}
