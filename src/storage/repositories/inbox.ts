/** Inbox rows: every log event of a user in order of arrival, in partitions of a day. */
import type { ArrivalId, UserId } from '../../ids.ts';
import { timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { dayOf } from '../buckets.ts';
import { type Mutation, putRow, type Store } from '../store.ts';
import type { RowOf } from '../table.ts';
import { range, readBuckets } from './bucket-rounds.ts';
import { inbox } from '../tables/timeline.ts';

export type InboxRow = RowOf<typeof inbox>;

export function putInboxRow(row: Omit<InboxRow, 'day'>): Mutation {
  return putRow(inbox, { ...row, day: dayOf(timeOfId(row.arrivalId)) });
}

export class InboxRows {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  async has(userId: UserId, arrivalId: ArrivalId): Promise<boolean> {
    return (await this.store.get(inbox, { userId, day: dayOf(timeOfId(arrivalId)), arrivalId })) !== null;
  }

  /** Oldest first, from (or behind) `from.id` up to what was written by now. */
  async since(
    userId: UserId,
    from: { readonly id: string; readonly inclusive: boolean; readonly nowMs: number },
    limit: number,
  ): Promise<InboxRow[]> {
    // Ids may be stamped a little ahead of the clock that reads them.
    const days = range(dayOf(timeOfId(from.id as ArrivalId)), dayOf(from.nowMs + limits.overlapMs));
    const bound = from.inclusive ? { from: [from.id] } : { after: [from.id] };
    return readBuckets(days, limit, (day, wanted) =>
      this.store.page(inbox, { userId, day }, { ...bound, limit: wanted }),
    );
  }
}
