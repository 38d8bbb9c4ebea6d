/** The follow graph over its two tables: `follows` by follower, `followers` by followed user and bucket. */
import type { UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Store } from '../store.ts';
import type { RowOf } from '../table.ts';
import { followers, follows } from '../tables/graph.ts';
import type { FollowEdges, FollowerRange } from './follow-edges.ts';
import { pagesOf } from './pages-of.ts';

export type FollowRow = RowOf<typeof follows>;
export type FollowerRow = RowOf<typeof followers>;

const PAGE_ROWS = 500;
/** Whom a user follows is waited for at every activation: hardly anybody follows more, so it is one round trip. */
const FOLLOWED_PAGE_ROWS = 2_500;

/** Buckets collected into one range so far. */
interface Gathered {
  readonly firstBucket: number;
  readonly active: number;
}

export class StoredFollowEdges implements FollowEdges {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  async followedAuthors(userId: UserId): Promise<UserId[]> {
    const authors: UserId[] = [];
    for await (const rows of pagesOf(this.store, follows, { followerId: userId }, { pageRows: FOLLOWED_PAGE_ROWS })) {
      for (const row of rows) if (row.state === 'active') authors.push(row.followedId);
      if (authors.length >= limits.followingMax) break;
    }
    return authors.slice(0, limits.followingMax);
  }

  async follows(followerId: UserId, followedIds: readonly UserId[]): Promise<boolean[]> {
    const flags: boolean[] = [];
    for (let start = 0; start < followedIds.length; start += PAGE_ROWS) {
      const keys = followedIds.slice(start, start + PAGE_ROWS).map((followedId) => ({ followerId, followedId }));
      const rows = await this.store.getMany(follows, keys);
      flags.push(...rows.map((row) => row?.state === 'active'));
    }
    return flags;
  }

  /** The follower's side of the edge, active or gone; null if there never was one (or it has expired). */
  edge(followerId: UserId, followedId: UserId): Promise<FollowRow | null> {
    return this.store.get(follows, { followerId, followedId });
  }

  /** One page of whom `followerId` follows, gone edges among them, in the order of ids. */
  followedPage(followerId: UserId, after: UserId | null, limit: number): Promise<FollowRow[]> {
    return this.store.page(follows, { followerId }, { limit, ...(after === null ? {} : { after: [after] }) });
  }

  /** One page of a bucket of followers, gone edges among them, in the order of ids. */
  followerPage(
    followedId: UserId,
    bucket: number,
    { after, limit }: { readonly after: UserId | null; readonly limit: number },
  ): Promise<FollowerRow[]> {
    return this.store.page(followers, { followedId, bucket }, { limit, ...(after === null ? {} : { after: [after] }) });
  }

  /** Counted from the rows themselves. */
  async countFollowers(followedId: UserId): Promise<number> {
    let active = 0;
    for (let bucket = 0; bucket < limits.followerBuckets; bucket++) {
      for await (const rows of this.bucketPages(followedId, bucket, {})) {
        for (const row of rows) if (row.state === 'active') active++;
      }
    }
    return active;
  }

  /** Counted from the rows themselves. */
  async countFollowed(followerId: UserId): Promise<number> {
    let active = 0;
    for await (const rows of pagesOf(this.store, follows, { followerId }, { pageRows: PAGE_ROWS })) {
      for (const row of rows) if (row.state === 'active') active++;
    }
    return active;
  }

  async allIfFew(followedId: UserId, most: number): Promise<UserId[] | null> {
    const buckets = Array.from({ length: limits.followerBuckets }, (_, bucket) => bucket);
    const pages = await Promise.all(
      buckets.map((bucket) => this.followerPage(followedId, bucket, { after: null, limit: PAGE_ROWS })),
    );
    // A full page may be followed by another.
    if (pages.some((rows) => rows.length === PAGE_ROWS)) return null;
    const active = pages.flat().filter((row) => row.state === 'active');
    return active.length > most ? null : active.map((row) => row.followerId);
  }

  async *planRanges(followedId: UserId, size: number): AsyncGenerator<FollowerRange, void, undefined> {
    let gathered: Gathered = { firstBucket: 0, active: 0 };
    for (let bucket = 0; bucket < limits.followerBuckets; bucket++) {
      const small = await this.countUpTo(followedId, bucket, size);
      if (small !== null) {
        if (gathered.active > 0 && gathered.active + small > size) {
          yield wholeBuckets(gathered.firstBucket, bucket - 1);
          gathered = { firstBucket: bucket, active: 0 };
        }
        gathered = { ...gathered, active: gathered.active + small };
        continue;
      }
      if (gathered.active > 0) yield wholeBuckets(gathered.firstBucket, bucket - 1);
      yield* this.splitBucket(followedId, bucket, size);
      gathered = { firstBucket: bucket + 1, active: 0 };
    }
    if (gathered.active > 0) yield wholeBuckets(gathered.firstBucket, limits.followerBuckets - 1);
  }

  async inRange(followedId: UserId, range: FollowerRange): Promise<UserId[]> {
    const found: UserId[] = [];
    const after = range.after === null ? {} : { after: [range.after] };
    for (let bucket = range.firstBucket; bucket <= range.lastBucket; bucket++) {
      for await (const rows of this.bucketPages(followedId, bucket, after)) {
        const inside = rows.filter((row) => range.upTo === null || row.followerId <= range.upTo);
        for (const row of inside) if (row.state === 'active') found.push(row.followerId);
        if (inside.length < rows.length) break;
      }
    }
    return found;
  }

  /** Active followers of a bucket, or null when there are more than `most`: a big bucket is not read to its end for it. */
  private async countUpTo(followedId: UserId, bucket: number, most: number): Promise<number | null> {
    let active = 0;
    for await (const rows of this.bucketPages(followedId, bucket, {})) {
      for (const row of rows) if (row.state === 'active') active++;
      if (active > most) return null;
    }
    return active;
  }

  private async *splitBucket(followedId: UserId, bucket: number, size: number): AsyncGenerator<FollowerRange> {
    let after: UserId | null = null;
    let active = 0;
    for await (const rows of this.bucketPages(followedId, bucket, {})) {
      for (const row of rows) {
        if (row.state !== 'active') continue;
        active++;
        if (active < size) continue;
        yield { firstBucket: bucket, lastBucket: bucket, after, upTo: row.followerId };
        after = row.followerId;
        active = 0;
      }
    }
    if (active > 0) yield { firstBucket: bucket, lastBucket: bucket, after, upTo: null };
  }

  private bucketPages(followedId: UserId, bucket: number, range: { readonly after?: readonly UserId[] }) {
    return pagesOf(this.store, followers, { followedId, bucket }, { ...range, pageRows: PAGE_ROWS });
  }
}

function wholeBuckets(firstBucket: number, lastBucket: number): FollowerRange {
  return { firstBucket, lastBucket, after: null, upTo: null };
}
