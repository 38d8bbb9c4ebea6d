/**
 * A page of the hot timeline out of memory alone, for when the tables cannot be read: the posts as they were last shown,
 * with the counts that were last known (none: 0) and without one's own likes. Who is followed is what the live room
 * listens to.
 *
 * What must hold: all or nothing. A page that silently left out a post would be taken for the feed, and the position
 * beside it for what has been seen; so where anything is not in memory there is no page.
 */
import type { UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { PostRecord } from '../../storage/repositories/posts.ts';
import type { HotView, LiveEvents } from '../live/live-events.ts';
import type { PostCache } from '../posts/post-cache.ts';
import type { PostReader } from '../posts/post-reader.ts';
import type { PostPageItem } from '../views.ts';
import { type FeedCursor, feedCursorText } from './feed-cursor.ts';
import { belongsInFeed } from './feed-rules.ts';

export interface RememberedFeedParts {
  readonly live: Pick<LiveEvents, 'listensTo'>;
  readonly cache: Pick<PostCache, 'known'>;
  readonly reader: Pick<PostReader, 'remembered'>;
}

export interface RememberedPage {
  readonly posts: readonly PostPageItem[];
  readonly nextCursor: string | null;
}

export class RememberedFeed {
  private readonly parts: RememberedFeedParts;

  constructor(parts: RememberedFeedParts) {
    this.parts = parts;
  }

  /** Null where memory does not hold all of the page. */
  page(userId: UserId, hot: HotView, { before, depth }: FeedCursor, limit: number): RememberedPage | null {
    const { live, cache, reader } = this.parts;
    const places = before === null ? hot.entries : hot.entries.filter((entry) => entry.publishId < before);
    const followed = new Set(places.map(({ authorId }) => authorId).filter((author) => live.listensTo(userId, author)));
    const shown: PostRecord[] = [];
    let looked = 0;
    for (; looked < places.length && shown.length < limit; looked++) {
      const entry = places[looked];
      if (entry === undefined || (entry.authorId !== userId && !followed.has(entry.authorId))) continue;
      const record = cache.known(entry.postId);
      if (record === null) return null;
      if (belongsInFeed(userId, entry, record.post, followed)) shown.push(record);
    }
    // The rest of the page, if there is any, stands in the tables.
    if (shown.length < limit && hot.truncated) return null;
    const posts = reader.remembered(shown);
    if (posts === null) return null;
    const last = places[looked - 1]?.publishId;
    const more = looked < places.length || hot.truncated;
    const reached = depth + shown.length;
    const goesOn = more && last !== undefined && reached < limits.timelineEntries;
    return { posts, nextCursor: goesOn ? feedCursorText({ before: last, depth: reached }) : null };
  }
}
