/**
 * Inbox rows hold references: what an event shows is read fresh, and checked against what its receiver may see now. An
 * event whose subject is gone or out of reach is left out.
 */
import type { PostId, UserId } from '../../ids.ts';
import type { FollowEdges } from '../../storage/repositories/follow-edges.ts';
import type { PostRecord } from '../../storage/repositories/posts.ts';
import type { EventType } from '../event.ts';
import type { PostCache } from '../posts/post-cache.ts';
import { encodePost } from '../posts/post-events.ts';
import type { PostReader } from '../posts/post-reader.ts';
import { reaches } from './feed-rules.ts';

export type References = Readonly<Record<string, string>>;

/** `data` as JSON text of each event of one type, in the order of `references`; null: not to be shown (any more). */
export type EventHydrator = (userId: UserId, references: readonly References[]) => Promise<(string | null)[]>;

export type EventHydrators = { readonly [Type in EventType]?: EventHydrator };

export interface PostHydrationParts {
  readonly cache: PostCache;
  readonly reader: PostReader;
  readonly edges: Pick<FollowEdges, 'follows'>;
}

/** Hydrators of the events about posts; others are added by those who write them. */
export function postHydrators(parts: PostHydrationParts): EventHydrators {
  const showPosts: EventHydrator = (userId, references) => hydratePosts(parts, userId, references);
  return {
    'post.new': showPosts,
    'post.updated': showPosts,
    'media.ready': showPosts,
    'post.deleted': async (_userId, references) =>
      references.map((each) => JSON.stringify({ id: each['postId'], version: Number(each['version']) })),
    'media.failed': async (_userId, references) =>
      references.map(({ postId, mediaId, reason }) => JSON.stringify({ postId, mediaId, reason })),
  };
}

/** Which of `authorIds` the user follows now. */
export async function followedOf(
  edges: Pick<FollowEdges, 'follows'>,
  userId: UserId,
  authorIds: readonly UserId[],
): Promise<ReadonlySet<UserId>> {
  const others = [...new Set(authorIds)].filter((authorId) => authorId !== userId);
  const follows = others.length === 0 ? [] : await edges.follows(userId, others);
  return new Set(others.filter((_, index) => follows[index] === true));
}

async function hydratePosts(
  { cache, reader, edges }: PostHydrationParts,
  userId: UserId,
  references: readonly References[],
): Promise<(string | null)[]> {
  const records = await namedRecords(cache, references);
  const found = records.filter((record): record is PostRecord => record !== null);
  const followed = await followedOf(
    edges,
    userId,
    found.map((record) => record.post.authorId),
  );
  const shown = found.filter((record) => reaches(userId, record.post, followed));
  const views = await reader.views(shown);
  const dataOf = new Map(shown.map((record, index) => [record, views[index]]));
  return records.map((record) => {
    const view = record === null ? undefined : dataOf.get(record);
    return view === undefined ? null : encodePost(view);
  });
}

/**
 * An event is told with the post in its version or a later one. In memory may be an older one for a moment; and where a
 * batch becomes visible row by row, the event's row may come first. Then it is left out: its live copy is still to come.
 */
async function namedRecords(cache: PostCache, references: readonly References[]): Promise<(PostRecord | null)[]> {
  const records = await cache.many(references.map(postIdOf));
  return Promise.all(
    records.map(async (record, index) => {
      const named = references[index] as References;
      if (!isBefore(record, named)) return record;
      const fresh = await cache.fresh(postIdOf(named));
      return isBefore(fresh, named) ? null : fresh;
    }),
  );
}

function postIdOf(references: References): PostId {
  return (references['postId'] ?? '') as PostId;
}

/** Rows of new posts, and those of earlier versions of this server, name no version. */
function isBefore(record: PostRecord | null, references: References): boolean {
  return record !== null && record.post.version < Number(references['version'] ?? 0);
}
