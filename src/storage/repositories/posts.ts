/** Posts, their media rows, and the list of an author's live posts. */
import type { MediaId, PostId, PublishId, UserId } from '../../ids.ts';
import { idAt, timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { monthOf } from '../buckets.ts';
import type { Mutation, Store } from '../store.ts';
import { putRow, removeRow } from '../store.ts';
import type { RowOf } from '../table.ts';
import { media, posts, postsByAuthor } from '../tables/posts.ts';
import { range, readBuckets } from './bucket-rounds.ts';

export type PostRow = RowOf<typeof posts>;
export type MediaRow = RowOf<typeof media>;
export type AuthorListRow = RowOf<typeof postsByAuthor>;

/** A post with what it shows, in the order of its photos; null where the media row is missing. */
export interface PostRecord {
  readonly post: PostRow;
  readonly media: readonly (MediaRow | null)[];
}

/** Months looked at together: an author who posts now and then is read in one or two rounds. */
const MONTHS_AT_ONCE = 6;

export class PostRows {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  async byId(postId: PostId): Promise<PostRow | null> {
    return this.store.get(posts, { postId });
  }

  async medium(mediaId: MediaId): Promise<MediaRow | null> {
    return this.store.get(media, { mediaId });
  }

  async record(postId: PostId): Promise<PostRecord | null> {
    const [record] = await this.records([postId]);
    return record ?? null;
  }

  /** The media of a post, in the order of its photos. */
  async mediaOf({ photos }: Pick<PostRow, 'photos'>): Promise<PostRecord['media']> {
    return photos.length === 0 ? [] : this.store.getMany(media, photos);
  }

  /** In the order of `postIds`, null where there is no such post. At most 100. */
  async records(postIds: readonly PostId[]): Promise<(PostRecord | null)[]> {
    const rows = await this.store.getMany(
      posts,
      postIds.map((postId) => ({ postId })),
    );
    const keys = rows.flatMap((post) => (post === null ? [] : post.photos.map(({ mediaId }) => ({ mediaId }))));
    const found = keys.length === 0 ? [] : await this.store.getMany(media, keys);
    const byId = new Map(found.flatMap((row) => (row === null ? [] : [[row.mediaId, row] as const])));
    return rows.map((post) =>
      post === null ? null : { post, media: post.photos.map(({ mediaId }) => byId.get(mediaId) ?? null) },
    );
  }

  /** Live posts published before `before` (null: up to the newest) and not before `sinceMs`, newest first. */
  async newestOf(
    authorId: UserId,
    range: { readonly before: PublishId | null; readonly sinceMs: number; readonly nowMs: number },
    limit: number,
  ): Promise<AuthorListRow[]> {
    // No post is older than its author's account. Ids may be stamped a little ahead of the clock that reads them.
    const oldestMonth = monthOf(Math.max(range.sinceMs, timeOfId(authorId)));
    const oldestId = idAt<PublishId>(range.sinceMs);
    const newestMs = range.before === null ? range.nowMs + limits.overlapMs : timeOfId(range.before);
    const rows: AuthorListRow[] = [];
    for (let month = monthOf(newestMs); month >= oldestMonth && rows.length < limit; month -= MONTHS_AT_ONCE) {
      const months = Array.from({ length: MONTHS_AT_ONCE }, (_, back) => month - back).filter((m) => m >= oldestMonth);
      const pages = await Promise.all(
        months.map((each) =>
          this.store.page(
            postsByAuthor,
            { authorId, month: each },
            {
              limit: limit - rows.length,
              ...(range.before === null ? {} : { after: [range.before] }),
            },
          ),
        ),
      );
      rows.push(...pages.flat());
    }
    return rows.filter((row) => row.publishId >= oldestId).slice(0, limit);
  }

  /** Live posts of an author from `from` on, oldest first. */
  async publishedSince(
    authorId: UserId,
    from: { readonly id: string; readonly inclusive: boolean; readonly nowMs: number },
    limit: number,
  ): Promise<AuthorListRow[]> {
    const fromMs = Math.max(timeOfId(from.id as PublishId), timeOfId(authorId));
    const months = range(monthOf(fromMs), monthOf(from.nowMs + limits.overlapMs));
    const bound = from.inclusive ? { from: [from.id] } : { after: [from.id] };
    return readBuckets(months, limit, (month, wanted) =>
      this.store.page(postsByAuthor, { authorId, month }, { ...bound, reversed: true, limit: wanted }),
    );
  }
}

function listRowOf(post: PostRow, publishId: PublishId): AuthorListRow {
  const { authorId, postId, delivery } = post;
  return { authorId, month: monthOf(timeOfId(publishId)), publishId, postId, delivery };
}

export function putPost(post: PostRow, expiresAtMs?: number): Mutation {
  return putRow(posts, post, expiresAtMs === undefined ? {} : { expiresAtMs });
}

/** When a draft that waits for an upload goes, unless it comes; undefined for what is kept. */
export function draftExpiry({ post, media: photos }: PostRecord): number | undefined {
  const waits = post.state === 'draft' && photos.some((medium) => medium === null || medium.state === 'pending');
  return waits ? post.createdAtMs + limits.draftRetentionMs : undefined;
}

/**
 * Keeps a draft once every upload has come. Written just above the revision that was read: whatever the author does to
 * the draft meanwhile wins, and whoever writes a draft calls this afterwards.
 */
export async function keepCompleteDraft(store: Store, postId: PostId): Promise<void> {
  const record = await new PostRows(store).record(postId);
  if (record?.post.state !== 'draft' || draftExpiry(record) !== undefined) return;
  await store.batch([putPost({ ...record.post, revision: record.post.revision + 1 })]);
}

/** Puts a live post on its author's list. */
export function listPost(post: PostRow, publishId: PublishId): Mutation {
  return putRow(postsByAuthor, listRowOf(post, publishId));
}

export function unlistPost(post: PostRow, publishId: PublishId): Mutation {
  const { authorId, month } = listRowOf(post, publishId);
  return removeRow(postsByAuthor, { authorId, month, publishId });
}
