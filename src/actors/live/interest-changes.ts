/**
 * Follows and unfollows of the last minute. An activation reads whom its user follows while such a change may be under
 * way; what was announced here before or during the read is laid over it, so that neither order of the two loses it.
 */
import type { Clock } from '../../clock.ts';
import type { UserId } from '../../ids.ts';
import type { Limits } from '../../limits.ts';
import { RecentMap } from './recent-map.ts';

interface Change {
  readonly interested: boolean;
  readonly atMs: number;
}

const NOBODY: ReadonlySet<UserId> = new Set();

export class InterestChanges {
  private readonly clock: Pick<Clock, 'monotonic'>;
  private readonly rememberedMs: number;
  private readonly byUser: RecentMap<UserId, RecentMap<UserId, Change>>;
  private readonly perUserMax: number;

  constructor(clock: Pick<Clock, 'monotonic'>, limits: Limits) {
    this.clock = clock;
    this.rememberedMs = limits.interestChangeMs;
    this.perUserMax = limits.followingMax;
    this.byUser = new RecentMap(limits.interestChangeUsersMax);
  }

  record(userId: UserId, authorId: UserId, interested: boolean): void {
    const changes = this.byUser.get(userId) ?? new RecentMap<UserId, Change>(this.perUserMax);
    changes.set(authorId, { interested, atMs: this.clock.monotonic() });
    this.byUser.set(userId, changes);
  }

  /** Whom the user follows, given what a read that began after `record` or before it found. */
  apply(userId: UserId, followed: readonly UserId[]): ReadonlySet<UserId> {
    const recorded = this.byUser.get(userId);
    if (recorded === undefined) return followed.length === 0 ? NOBODY : new Set(followed);
    const result = new Set(followed);
    const since = this.clock.monotonic() - this.rememberedMs;
    for (const [authorId, change] of recorded.all()) {
      if (change.atMs < since) continue;
      if (change.interested) result.add(authorId);
      else result.delete(authorId);
    }
    return result;
  }
}
