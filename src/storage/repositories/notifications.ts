/** Notifications of a user, newest first, and the mark up to which they have been read. */
import { type NotificationId, timeOfId, type UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { monthOf } from '../buckets.ts';
import type { Store } from '../store.ts';
import type { KeyOf, RowOf } from '../table.ts';
import { notificationMarks, notifications } from '../tables/engagement.ts';
import { range } from './bucket-rounds.ts';
import { newestFirst, type NewestPage, type NewestRange } from './newest-first.ts';

export type NotificationRow = RowOf<typeof notifications>;
export type NotificationMark = RowOf<typeof notificationMarks>;

function oldestMonth(nowMs: number): number {
  return monthOf(nowMs - limits.timelineRetentionMs);
}

function keyOf(userId: UserId, notificationId: NotificationId): KeyOf<typeof notifications> {
  return { userId, month: monthOf(timeOfId(notificationId)), notificationId };
}

export class Notifications {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Writing the same one again changes nothing. */
  put(row: Omit<NotificationRow, 'month'>): Promise<void> {
    return this.store.put(notifications, { ...row, ...keyOf(row.userId, row.notificationId) });
  }

  remove(userId: UserId, notificationId: NotificationId): Promise<void> {
    return this.store.remove(notifications, keyOf(userId, notificationId));
  }

  /** In the order of `notificationIds`, null where there is none. */
  readMany(userId: UserId, notificationIds: readonly NotificationId[]): Promise<(NotificationRow | null)[]> {
    return this.store.getMany(
      notifications,
      notificationIds.map((notificationId) => keyOf(userId, notificationId)),
    );
  }

  page(
    userId: UserId,
    asked: Omit<NewestRange<NotificationId>, 'oldestMonth'>,
  ): Promise<NewestPage<NotificationRow, NotificationId>> {
    return newestFirst(
      { ...asked, oldestMonth: oldestMonth(asked.nowMs) },
      {
        readMonth: (month, after, limit) =>
          this.store.page(notifications, { userId, month }, { limit, ...(after === null ? {} : { after: [after] }) }),
        idOf: (row) => row.notificationId,
        keep: () => true,
      },
    );
  }

  /** How many are newer than the mark, counted no further than `most`. */
  async unread(userId: UserId, { nowMs, most }: { readonly nowMs: number; readonly most: number }): Promise<number> {
    const months = range(oldestMonth(nowMs), monthOf(nowMs));
    const [mark, ...pages] = await Promise.all([
      this.mark(userId),
      ...months.map((month) => this.store.page(notifications, { userId, month }, { limit: most })),
    ]);
    const unread = pages.flat().filter((row) => mark === null || row.notificationId > mark.readUpTo);
    return Math.min(unread.length, most);
  }

  mark(userId: UserId): Promise<NotificationMark | null> {
    return this.store.get(notificationMarks, { userId });
  }

  putMark(mark: NotificationMark): Promise<void> {
    return this.store.put(notificationMarks, mark);
  }
}
