/**
 * Posts that a reader takes from their authors' own lists: the pulled posts of followed authors (whoever was ever pulled,
 * also if they are pushed again by now), and all of the reader's own.
 */
import type { Clock } from '../../clock.ts';
import type { PublishId, UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { inParallel } from '../../parallel.ts';
import type { FollowEdges } from '../../storage/repositories/follow-edges.ts';
import type { AuthorListRow, PostRows } from '../../storage/repositories/posts.ts';
import type { PullAuthorsList } from '../fan-out/pull-authors-list.ts';

/** Above it, reading whom the user follows costs less than asking for each pulled author. */
const ASKED_ONE_BY_ONE_MAX = 500;

export interface PulledPostsParts {
  readonly posts: PostRows;
  readonly edges: FollowEdges;
  readonly pullAuthors: PullAuthorsList;
  readonly clock: Clock;
}

export class PulledPosts {
  private readonly parts: PulledPostsParts;

  constructor(parts: PulledPostsParts) {
    this.parts = parts;
  }

  /** Authors whose lists this reader merges: themselves, and those they follow who were ever pulled. */
  async authorsFor(userId: UserId): Promise<UserId[]> {
    const { edges, pullAuthors } = this.parts;
    const pulled = pullAuthors.all;
    if (pulled.size === 0) return [userId];
    if (pulled.size > ASKED_ONE_BY_ONE_MAX) {
      const followed = await edges.followedAuthors(userId);
      return [userId, ...followed.filter((authorId) => authorId !== userId && pulled.has(authorId))];
    }
    const candidates = [...pulled].filter((authorId) => authorId !== userId);
    const follows = await edges.follows(userId, candidates);
    return [userId, ...candidates.filter((_, index) => follows[index] === true)];
  }

  /** The newest of each list, published before `before` (null: from the newest), newest first; at most `limit` of each. */
  async newest(userId: UserId, before: PublishId | null, limit: number): Promise<AuthorListRow[][]> {
    const nowMs = this.parts.clock.now();
    const range = { before, sinceMs: nowMs - limits.timelineRetentionMs, nowMs };
    return this.each(userId, async (authorId) => {
      // Pushed posts of an author who was pulled once stand in the timeline: they are read over here.
      const rows: AuthorListRow[] = [];
      let next = range;
      for (;;) {
        const read = await this.parts.posts.newestOf(authorId, next, limit);
        rows.push(...read.filter((row) => isTaken(userId, row)));
        const last = read.at(-1);
        if (last === undefined || read.length < limit || rows.length >= limit) return rows.slice(0, limit);
        next = { ...range, before: last.publishId };
      }
    });
  }

  /** Published from `from` on, oldest first; at most `limit` of each list are looked at. */
  async since(
    userId: UserId,
    from: { readonly id: string; readonly inclusive: boolean; readonly nowMs: number },
    limit: number,
  ): Promise<AuthorListRow[][]> {
    return this.each(userId, (authorId) => this.parts.posts.publishedSince(authorId, from, limit));
  }

  private async each<Result>(userId: UserId, read: (authorId: UserId) => Promise<Result>): Promise<Result[]> {
    return inParallel(await this.authorsFor(userId), limits.authorListsConcurrent, read);
  }
}

/** Whether this row reaches the reader by way of the list, not of the timeline. */
export function isTaken(userId: UserId, row: AuthorListRow): boolean {
  return row.delivery === 'pull' || row.authorId === userId;
}
