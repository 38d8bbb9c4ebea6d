/** Counts that are shown: a cache. The rows they were counted from are the truth, and the `counters` consumer recounts. */
import type { PostId, UserId } from '../../ids.ts';
import type { Store } from '../store.ts';
import type { RowOf } from '../table.ts';
import { counters } from '../tables/graph.ts';

export type CounterName = RowOf<typeof counters>['name'];

/** Which count. `subject` is made by `userSubject` or `postSubject`. */
export interface CountKey {
  readonly subject: string;
  readonly name: CounterName;
}

export interface StoredCount {
  readonly value: number;
  /** Of the moment at which the counting began; 0 when it was never counted. */
  readonly revision: number;
}

const NEVER_COUNTED: StoredCount = { value: 0, revision: 0 };
const KEYS_MAX = 1_000;

export function userSubject(userId: UserId): string {
  return `user:${userId}`;
}

export function postSubject(postId: PostId): string {
  return `post:${postId}`;
}

export class Counters {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** In the order of `keys`. */
  async read(keys: readonly CountKey[]): Promise<StoredCount[]> {
    const found: StoredCount[] = [];
    for (let start = 0; start < keys.length; start += KEYS_MAX) {
      const part = keys.slice(start, start + KEYS_MAX).map(({ subject, name }) => ({ subject, name }));
      const rows = await this.store.getMany(counters, part);
      found.push(...rows.map((row) => row ?? NEVER_COUNTED));
    }
    return found;
  }

  /** A count that began earlier (has a lower revision) loses. */
  put(key: CountKey, count: StoredCount): Promise<void> {
    return this.store.put(counters, { subject: key.subject, name: key.name, ...count });
  }
}
