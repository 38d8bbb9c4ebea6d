/** A feed page as a pipeline: skeleton → hydrate in batches (posts and what is shown around them) → rules. And catching up. */
import { invariant, isPassing, Problem } from '../../errors.ts';
import type { PublishId, UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { FollowEdges } from '../../storage/repositories/follow-edges.ts';
import type { HotView, LiveEvents, TimelineEntry } from '../live/live-events.ts';
import type { PostCache } from '../posts/post-cache.ts';
import type { PostReader } from '../posts/post-reader.ts';
import type { Feed, PageRequest, SyncPage } from '../services.ts';
import type { Position, PostPageItem } from '../views.ts';
import type { CatchUp } from './catch-up.ts';
import { followedOf } from './event-hydration.ts';
import { type FeedCursor, feedCursorText, parseFeedCursor } from './feed-cursor.ts';
import { belongsInFeed } from './feed-rules.ts';
import type { FeedSkeleton } from './feed-skeleton.ts';
import type { RememberedFeed } from './remembered-feed.ts';

export interface FeedServiceParts {
  readonly live: Pick<LiveEvents, 'hotTimeline'>;
  /** Makes the user's actor resident: after it, `hotTimeline` is there. */
  readonly activate: (userId: UserId) => Promise<void>;
  readonly skeleton: FeedSkeleton;
  readonly catchUp: CatchUp;
  readonly cache: PostCache;
  readonly reader: PostReader;
  readonly edges: Pick<FollowEdges, 'follows'>;
  readonly remembered: RememberedFeed;
}

type FeedPage = Awaited<ReturnType<Feed['page']>>;

/** An actor may be passivated between its activation and the look at it, but hardly ever twice. */
const ACTIVATION_TRIES = 3;

export class FeedService implements Feed {
  private readonly parts: FeedServiceParts;

  constructor(parts: FeedServiceParts) {
    this.parts = parts;
  }

  async page(userId: UserId, page: PageRequest): Promise<FeedPage> {
    const limit = Math.max(1, Math.min(page.limit, limits.pageSizeMax));
    if (page.cursor === null) {
      // The view is a picture of one moment: what the page shows of it is true for the position beside it.
      const hot = await this.hot(userId);
      const read = await this.read(userId, hot, { before: null, depth: 0 }, limit);
      return { ...read, position: positionOf(hot) };
    }
    const cursor = parseFeedCursor(page.cursor);
    if (cursor === null) throw new Problem('invalid-cursor');
    const read = await this.read(userId, this.parts.live.hotTimeline(userId), cursor, limit);
    return { ...read, position: null };
  }

  sync(userId: UserId, cursor: string): Promise<SyncPage> {
    return this.parts.catchUp.sync(userId, cursor);
  }

  private async hot(userId: UserId): Promise<HotView> {
    const { live, activate } = this.parts;
    for (let attempt = 0; attempt < ACTIVATION_TRIES; attempt++) {
      const hot = live.hotTimeline(userId);
      if (hot !== null) return hot;
      await activate(userId);
    }
    const hot = live.hotTimeline(userId);
    if (hot === null) throw new Problem('unavailable');
    return hot;
  }

  /** While the tables are away, out of memory. */
  private async read(
    userId: UserId,
    hot: HotView | null,
    cursor: FeedCursor,
    limit: number,
  ): Promise<{ posts: readonly PostPageItem[]; nextCursor: string | null }> {
    try {
      return await this.collect(userId, hot, cursor, limit);
    } catch (error) {
      const remembered =
        hot !== null && isPassing(error) ? this.parts.remembered.page(userId, hot, cursor, limit) : null;
      if (remembered === null) throw error;
      return remembered;
    }
  }

  /** Reads on while places turn out not to be shown, for a bounded number of rounds: then the page is short. */
  private async collect(
    userId: UserId,
    hot: HotView | null,
    cursor: FeedCursor,
    limit: number,
  ): Promise<{ posts: readonly PostPageItem[]; nextCursor: string | null }> {
    const shown: PostPageItem[] = [];
    let { before } = cursor;
    let more = true;
    for (let round = 0; round < limits.feedRoundsMax && more && shown.length < limit; round++) {
      const places = await this.parts.skeleton.read(userId, hot, before, limit - shown.length);
      shown.push(...(await this.visible(userId, places.entries)));
      before = places.entries.at(-1)?.publishId ?? before;
      ({ more } = places);
    }
    const depth = cursor.depth + shown.length;
    const goesOn = more && before !== null && depth < limits.timelineEntries;
    return {
      posts: shown,
      nextCursor: goesOn ? feedCursorText({ before: before as PublishId, depth }) : null,
    };
  }

  private async visible(userId: UserId, entries: readonly TimelineEntry[]): Promise<PostPageItem[]> {
    const { cache, edges, reader } = this.parts;
    const [records, followed, around] = await Promise.all([
      cache.many(entries.map((entry) => entry.postId)),
      followedOf(
        edges,
        userId,
        entries.map((entry) => entry.authorId),
      ),
      reader.surroundings(userId, entries),
    ]);
    const visible = entries.flatMap((entry, index) => {
      const record = records[index];
      invariant(record !== undefined, 'a record or null for every place');
      return record !== null && belongsInFeed(userId, entry, record.post, followed) ? [record] : [];
    });
    return reader.itemsWith(around, visible);
  }
}

function positionOf({ epoch, seq, cursor }: HotView): Position {
  return { epoch, seq, cursor };
}
