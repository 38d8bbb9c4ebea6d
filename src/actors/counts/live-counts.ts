/**
 * Counts as they are shown: the stored recount, cached for a moment, plus what this node has changed since. Exact for
 * whoever just acted here; at most `limits.countCacheTtlMs` behind for what other nodes recounted.
 */
import type { Clock } from '../../clock.ts';
import type { RevisionSource } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { CountKey, Counters, StoredCount } from '../../storage/repositories/counters.ts';
import { BoundedCache } from '../bounded-cache.ts';
import { type CountChange, laterCount, shownCount, withChange } from './counts-ahead.ts';

interface CachedCount {
  readonly stored: StoredCount;
  /** Monotonic; when `stored` was last known to be fresh. */
  readonly freshAtMs: number;
  readonly changes: readonly CountChange[];
}

export interface LiveCountsDependencies {
  readonly counters: Counters;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly revisions: RevisionSource;
}

function cacheKey({ subject, name }: CountKey): string {
  return `${subject}/${name}`;
}

/** No count is negative. */
const STALE = -1;

export class LiveCounts {
  private readonly dependencies: LiveCountsDependencies;
  private readonly cache = new BoundedCache<string, CachedCount>(limits.countCacheEntries);

  constructor(dependencies: LiveCountsDependencies) {
    this.dependencies = dependencies;
  }

  /** In the order of `keys`. */
  async read(keys: readonly CountKey[]): Promise<number[]> {
    const oldestFresh = this.dependencies.clock.monotonic() - limits.countCacheTtlMs;
    const counts = keys.map((key) => {
      const cached = this.cache.get(cacheKey(key));
      const isFresh = cached !== undefined && cached.freshAtMs >= oldestFresh;
      return isFresh ? shownCount(cached.stored, cached.changes) : STALE;
    });
    if (!counts.includes(STALE)) return counts;
    const stale = keys.filter((_, index) => counts[index] === STALE);
    const rows = await this.dependencies.counters.read(stale);
    const loaded = new Map(stale.map((key, index) => [cacheKey(key), rows[index]]));
    for (const [index, key] of stale.entries()) {
      const row = rows[index];
      if (row !== undefined) this.recounted(key, row);
    }
    return keys.map((key) => {
      const cached = this.cache.get(cacheKey(key));
      // Evicted since: a page of counts larger than the cache still shows what was read for it.
      return cached === undefined ? (loaded.get(cacheKey(key))?.value ?? 0) : shownCount(cached.stored, cached.changes);
    });
  }

  /** Without asking the store, however old; 0 for what was never read here. In the order of `keys`. */
  lastKnown(keys: readonly CountKey[]): number[] {
    return keys.map((key) => {
      const cached = this.cache.get(cacheKey(key));
      return cached === undefined ? 0 : shownCount(cached.stored, cached.changes);
    });
  }

  /** Call when the change is committed: what is read from here on includes it. Resolves to the new count. */
  async change(key: CountKey, delta: number): Promise<number> {
    const revision = this.dependencies.revisions.next();
    // The cached entry may be evicted while it is loaded, so the change is laid on afterwards.
    await this.read([key]);
    const cached = this.cache.get(cacheKey(key));
    if (cached === undefined) return Math.max(0, delta);
    const changes = withChange(cached.changes, { delta, revision }, cached.stored, limits.countsAheadMax);
    this.cache.set(cacheKey(key), { ...cached, changes });
    return shownCount(cached.stored, changes);
  }

  /** A recount was stored, here or elsewhere. */
  recounted(key: CountKey, stored: StoredCount): void {
    const cached = this.cache.get(cacheKey(key));
    const later = cached === undefined ? stored : laterCount(cached.stored, stored);
    const changes = (cached?.changes ?? []).filter((change) => change.revision > later.revision);
    this.cache.set(cacheKey(key), { stored: later, freshAtMs: this.dependencies.clock.monotonic(), changes });
  }
}
