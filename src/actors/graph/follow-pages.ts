/** Pages of followers and of followed users: edges in stored order, gone ones left out, each page bounded in reads. */
import { Problem } from '../../errors.ts';
import { parseId, type UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { StoredFollowEdges } from '../../storage/repositories/stored-follow-edges.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { PageRequest } from '../services.ts';
import type { Page } from '../views.ts';

/** Reads of the store one page may cost; a page that stops there is short and has a cursor to go on from. */
const READS_MAX = 32;

/** Whom `userId` follows, by id. */
export async function followedPage(
  edges: StoredFollowEdges,
  userId: UserId,
  { cursor, limit }: PageRequest,
): Promise<Page<UserId>> {
  const place = decodeCursor('following', cursor);
  let after = place === null ? null : idOf(place[0]);
  const items: UserId[] = [];
  for (let reads = 0; reads < READS_MAX; reads++) {
    const wanted = limit - items.length;
    const rows = await edges.followedPage(userId, after, wanted);
    items.push(...rows.filter((row) => row.state === 'active').map((row) => row.followedId));
    after = rows.at(-1)?.followedId ?? after;
    if (rows.length < wanted) return { items, nextCursor: null };
    if (items.length >= limit) break;
  }
  return { items, nextCursor: after === null ? null : encodeCursor('following', [after]) };
}

/** Who follows `userId`, bucket by bucket, by id within one. */
export async function followerPage(
  edges: StoredFollowEdges,
  userId: UserId,
  { cursor, limit }: PageRequest,
): Promise<Page<UserId>> {
  let { bucket, after } = followerPlace(cursor);
  const items: UserId[] = [];
  let together = 1;
  for (
    let reads = 0;
    reads < READS_MAX && items.length < limit;
    reads += together, together = limits.bucketsReadAtOnce
  ) {
    together = Math.min(together, READS_MAX - reads, limits.followerBuckets - bucket);
    const wanted = limit - items.length;
    const first = { bucket, after };
    const pages = await Promise.all(
      Array.from({ length: together }, (_, ahead) =>
        edges.followerPage(userId, first.bucket + ahead, { after: ahead === 0 ? first.after : null, limit: wanted }),
      ),
    );
    for (const rows of pages) {
      // What lies behind a full page is read again by whoever goes on from its last row.
      const taken = rows.slice(0, Math.max(0, limit - items.length));
      items.push(...taken.filter((row) => row.state === 'active').map((row) => row.followerId));
      after = taken.at(-1)?.followerId ?? after;
      if (taken.length < rows.length || rows.length >= wanted) break;
      bucket++;
      after = null;
      if (bucket >= limits.followerBuckets) return { items, nextCursor: null };
    }
  }
  return { items, nextCursor: encodeCursor('followers', after === null ? [bucket] : [bucket, after]) };
}

function followerPlace(cursor: string | null): { bucket: number; after: UserId | null } {
  const place = decodeCursor('followers', cursor);
  if (place === null) return { bucket: 0, after: null };
  const [bucket, after] = place;
  if (typeof bucket !== 'number' || bucket < 0 || bucket >= limits.followerBuckets) throw new Problem('invalid-cursor');
  return { bucket, after: after === undefined ? null : idOf(after) };
}

function idOf(part: string | number | undefined): UserId {
  const id = typeof part === 'string' ? parseId<UserId>(part) : null;
  if (id === null) throw new Problem('invalid-cursor');
  return id;
}
