/**
 * Names and pictures of users, as every page shows them: cached, loaded in batches, one load per user at a time. An edit
 * on this node is seen at once; one on another node after at most `limits.profileCacheTtlMs`.
 */
import type { Clock } from '../../clock.ts';
import type { UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { MediaRow, ProfileRows, UserRow } from '../../storage/repositories/profile-rows.ts';
import { BoundedCache } from '../bounded-cache.ts';
import type { UserSummary } from '../views.ts';
import { showsAvatar } from './profile-rules.ts';

/** Absolute, or null when the medium has no picture yet. */
export type AvatarUrl = (medium: MediaRow) => string | null;

interface Cached {
  readonly summary: UserSummary;
  readonly loadedAtMs: number;
}

export interface SummaryCacheDependencies {
  readonly rows: ProfileRows;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly avatarUrl: AvatarUrl;
}

export class SummaryCache {
  private readonly dependencies: SummaryCacheDependencies;
  private readonly cache = new BoundedCache<UserId, Cached>(limits.profileCacheEntries);
  /** Loads under way: bounded by the requests in flight. */
  private readonly loading = new Map<UserId, Promise<UserSummary | null>>();

  constructor(dependencies: SummaryCacheDependencies) {
    this.dependencies = dependencies;
  }

  /** In the order of `userIds`, null where there is no such user. */
  async read(userIds: readonly UserId[]): Promise<(UserSummary | null)[]> {
    const missing = [...new Set(userIds)].filter((userId) => this.fresh(userId) === null && !this.loading.has(userId));
    if (missing.length > 0) this.load(missing);
    return Promise.all(userIds.map(async (userId) => this.fresh(userId) ?? this.loading.get(userId) ?? null));
  }

  /** The user's row has changed: a load that began before is not kept. */
  invalidate(userId: UserId): void {
    this.cache.delete(userId);
    this.loading.delete(userId);
  }

  /** Summaries of rows at hand, in their order. */
  async present(rows: readonly UserRow[]): Promise<UserSummary[]> {
    const mediaIds = rows.flatMap((row) => (row.avatarMediaId === null ? [] : [row.avatarMediaId]));
    const found = mediaIds.length === 0 ? [] : await this.dependencies.rows.avatars(mediaIds);
    const media = new Map(found.flatMap((medium) => (medium === null ? [] : [[medium.mediaId, medium]])));
    return rows.map((row) => {
      const medium = row.avatarMediaId === null ? null : (media.get(row.avatarMediaId) ?? null);
      const avatarUrl = showsAvatar(medium, row.userId) ? this.dependencies.avatarUrl(medium) : null;
      return { id: row.userId, username: row.username, displayName: row.displayName, avatarUrl };
    });
  }

  private fresh(userId: UserId): UserSummary | null {
    const cached = this.cache.get(userId);
    if (cached === undefined) return null;
    return this.dependencies.clock.monotonic() - cached.loadedAtMs <= limits.profileCacheTtlMs ? cached.summary : null;
  }

  private load(userIds: readonly UserId[]): void {
    const loadedAtMs = this.dependencies.clock.monotonic();
    const batch = this.loadBatch(userIds);
    for (const userId of userIds) {
      const one = batch.then(
        (summaries) => {
          const summary = summaries.get(userId) ?? null;
          if (this.loading.get(userId) !== one) return summary;
          this.loading.delete(userId);
          if (summary !== null) this.cache.set(userId, { summary, loadedAtMs });
          return summary;
        },
        (error: unknown) => {
          if (this.loading.get(userId) === one) this.loading.delete(userId);
          throw error;
        },
      );
      this.loading.set(userId, one);
    }
  }

  private async loadBatch(userIds: readonly UserId[]): Promise<Map<UserId, UserSummary>> {
    const rows = await this.dependencies.rows.readMany(userIds);
    const summaries = await this.present(rows.filter((row) => row !== null).filter((row) => row.state === 'active'));
    return new Map(summaries.map((summary) => [summary.id, summary]));
  }
}
