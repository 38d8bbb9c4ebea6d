/** Records → views, for pages and events: authors, counts and likes are read in batches, beside the posts if need be. */
import { invariant } from '../../errors.ts';
import type { PostId, UserId } from '../../ids.ts';
import type { PostRecord } from '../../storage/repositories/posts.ts';
import type { EngagementCounts, EngagementReader } from '../engagement/engagement-reader.ts';
import type { Profiles } from '../services.ts';
import type { PostPageItem, PostView, UserSummary } from '../views.ts';
import { type PhotoPresenter, presentItem, presentPost } from './post-presenter.ts';

export interface PostReaderParts {
  readonly profiles: Pick<Profiles, 'summaries'>;
  readonly engagement: EngagementReader;
  readonly presentPhoto: PhotoPresenter;
}

/** Which post, and by whom: known before the post itself is read. */
export interface PostPlace {
  readonly postId: PostId;
  readonly authorId: UserId;
}

/** What is shown around posts. */
export interface PostSurroundings {
  readonly authors: ReadonlyMap<UserId, UserSummary>;
  readonly counts: ReadonlyMap<PostId, EngagementCounts>;
  readonly liked: ReadonlySet<PostId>;
}

export class PostReader {
  private readonly parts: PostReaderParts;
  /** Views are the same for everybody: one for as long as the post's record and its author's summary are cached. */
  private readonly shown = new WeakMap<PostRecord, PostView>();

  constructor(parts: PostReaderParts) {
    this.parts = parts;
  }

  async view(record: PostRecord): Promise<PostView> {
    const [view] = await this.views([record]);
    invariant(view, 'a view for every record');
    return view;
  }

  /** In the order of `records`. */
  async views(records: readonly PostRecord[]): Promise<PostView[]> {
    const authors = await this.authors(records.map((record) => record.post.authorId));
    return records.map((record) => this.present(record, authors));
  }

  /** In the order of `records`, as `viewerId` sees them. */
  async items(viewerId: UserId | null, records: readonly PostRecord[]): Promise<PostPageItem[]> {
    const around = await this.surroundings(
      viewerId,
      records.map((record) => record.post),
    );
    return this.itemsWith(around, records);
  }

  /** Needs no post to be read: a page asks for it while its posts are on their way. */
  async surroundings(viewerId: UserId | null, places: readonly PostPlace[]): Promise<PostSurroundings> {
    const postIds = places.map((place) => place.postId);
    if (postIds.length === 0) return { authors: new Map(), counts: new Map(), liked: new Set() };
    const [authors, counts, liked] = await Promise.all([
      this.authors(places.map((place) => place.authorId)),
      this.parts.engagement.counts(postIds),
      viewerId === null ? [] : this.parts.engagement.likedBy(viewerId, postIds),
    ]);
    return {
      authors,
      counts: new Map(postIds.map((postId, index) => [postId, counts[index] ?? NO_COUNTS])),
      liked: new Set(postIds.filter((_, index) => liked[index] === true)),
    };
  }

  /** In the order of `records`, whose places `around` was read for. */
  itemsWith({ authors, counts, liked }: PostSurroundings, records: readonly PostRecord[]): PostPageItem[] {
    return records.map((record) => {
      const { postId } = record.post;
      return presentItem(this.present(record, authors), counts.get(postId) ?? NO_COUNTS, liked.has(postId));
    });
  }

  /** As last shown, without asking the store; null if one of them was never shown. In the order of `records`. */
  remembered(records: readonly PostRecord[]): PostPageItem[] | null {
    const views = records.map((record) => this.shown.get(record));
    const counts = this.parts.engagement.lastCounts(records.map((record) => record.post.postId));
    const items = views.flatMap((view, index) =>
      view === undefined ? [] : [presentItem(view, counts[index] ?? NO_COUNTS, false)],
    );
    return items.length === records.length ? items : null;
  }

  private async authors(authorIds: readonly UserId[]): Promise<ReadonlyMap<UserId, UserSummary>> {
    const distinct = [...new Set(authorIds)];
    const summaries = await this.parts.profiles.summaries(distinct);
    return new Map(distinct.map((authorId, index) => [authorId, summaries[index] ?? gone(authorId)]));
  }

  private present(record: PostRecord, authors: ReadonlyMap<UserId, UserSummary>): PostView {
    const author = authors.get(record.post.authorId) ?? gone(record.post.authorId);
    const known = this.shown.get(record);
    if (known?.author === author) return known;
    const view = presentPost(record, author, this.parts.presentPhoto);
    this.shown.set(record, view);
    return view;
  }
}

const NO_COUNTS: EngagementCounts = { likeCount: 0, commentCount: 0 };

/** Whose account is gone while a post is still there for a moment. */
function gone(userId: UserId): UserSummary {
  return { id: userId, username: '', displayName: '', avatarUrl: null };
}
