/** Records → views, for pages and events: authors, counts and likes are read in batches. */
import { invariant } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import type { PostRecord } from '../../storage/repositories/posts.ts';
import type { EngagementReader } from '../engagement/engagement-reader.ts';
import type { Profiles } from '../services.ts';
import type { PostPageItem, PostView, UserSummary } from '../views.ts';
import { type PhotoPresenter, presentItem, presentPost } from './post-presenter.ts';

export interface PostReaderParts {
  readonly profiles: Pick<Profiles, 'summaries'>;
  readonly engagement: EngagementReader;
  readonly presentPhoto: PhotoPresenter;
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
    const authorIds = [...new Set(records.map((record) => record.post.authorId))];
    const summaries = await this.parts.profiles.summaries(authorIds);
    const authors = new Map(authorIds.map((authorId, index) => [authorId, summaries[index] ?? gone(authorId)]));
    return records.map((record) => {
      const { authorId } = record.post;
      return this.present(record, authors.get(authorId) ?? gone(authorId));
    });
  }

  /** In the order of `records`, as `viewerId` sees them. */
  async items(viewerId: UserId | null, records: readonly PostRecord[]): Promise<PostPageItem[]> {
    if (records.length === 0) return [];
    const postIds = records.map((record) => record.post.postId);
    const [views, counts, liked] = await Promise.all([
      this.views(records),
      this.parts.engagement.counts(postIds),
      viewerId === null ? [] : this.parts.engagement.likedBy(viewerId, postIds),
    ]);
    return views.map((view, index) =>
      presentItem(view, counts[index] ?? { likeCount: 0, commentCount: 0 }, liked[index] ?? false),
    );
  }

  /** As last shown, without asking the store; null if one of them was never shown. In the order of `records`. */
  remembered(records: readonly PostRecord[]): PostPageItem[] | null {
    const views = records.map((record) => this.shown.get(record));
    const counts = this.parts.engagement.lastCounts(records.map((record) => record.post.postId));
    const items = views.flatMap((view, index) =>
      view === undefined ? [] : [presentItem(view, counts[index] ?? { likeCount: 0, commentCount: 0 }, false)],
    );
    return items.length === records.length ? items : null;
  }

  private present(record: PostRecord, author: UserSummary): PostView {
    const known = this.shown.get(record);
    if (known?.author === author) return known;
    const view = presentPost(record, author, this.parts.presentPhoto);
    this.shown.set(record, view);
    return view;
  }
}

/** Whose account is gone while a post is still there for a moment. */
function gone(userId: UserId): UserSummary {
  return { id: userId, username: '', displayName: '', avatarUrl: null };
}
