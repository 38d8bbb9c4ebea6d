/** A user's notifications: listed newest first, marked as read up to one of them, on all of the user's devices at once. */
import type { Clock } from '../../clock.ts';
import type { NotificationId, RevisionSource, UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { NotificationRow, Notifications as NotificationRows } from '../../storage/repositories/notifications.ts';
import type { Mailboxes } from '../mailboxes.ts';
import { decodeMonthlyCursor, encodeMonthlyCursor } from '../monthly-cursor.ts';
import type { Notifications, PageRequest, Profiles } from '../services.ts';
import type { NotificationView, Page } from '../views.ts';
import { notificationView } from './notification-view.ts';
import { markToWrite } from './read-mark.ts';
import type { UnreadCounts } from './unread-counts.ts';

export interface NotificationServiceDependencies {
  readonly rows: NotificationRows;
  readonly profiles: Pick<Profiles, 'summaries'>;
  readonly unread: UnreadCounts;
  readonly mailboxes: Mailboxes;
  readonly revisions: RevisionSource;
  readonly clock: Pick<Clock, 'now'>;
}

export class NotificationService implements Notifications {
  private readonly dependencies: NotificationServiceDependencies;

  constructor(dependencies: NotificationServiceDependencies) {
    this.dependencies = dependencies;
  }

  async list(
    userId: UserId,
    { cursor, limit }: PageRequest,
  ): Promise<Page<NotificationView> & { readonly unread: number }> {
    const { rows, unread } = this.dependencies;
    const after = decodeMonthlyCursor<NotificationId>('notifications', cursor);
    const [page, count] = await Promise.all([
      rows.page(userId, { after, limit, nowMs: this.nowMs() }),
      unread.read(userId),
    ]);
    const views = await this.present(userId, page.rows);
    return {
      items: views.filter((view) => view !== null),
      nextCursor: page.next === null ? null : encodeMonthlyCursor('notifications', page.next),
      unread: count,
    };
  }

  markRead(userId: UserId, upTo: NotificationId | null): Promise<{ unread: number }> {
    const { rows, unread, mailboxes, revisions } = this.dependencies;
    return mailboxes.run(userId, async () => {
      const [mark, newest] = await Promise.all([
        rows.mark(userId),
        rows.page(userId, { after: null, limit: 1, nowMs: this.nowMs() }),
      ]);
      const readUpTo = markToWrite(mark?.readUpTo ?? null, upTo, newest.rows[0]?.notificationId ?? null);
      if (readUpTo !== null) {
        if (mark !== null) revisions.observe(mark.revision);
        await rows.putMark({ userId, readUpTo, revision: revisions.next() });
      }
      return { unread: await unread.publish(userId) };
    });
  }

  /** In the order of `notificationIds`; null where there is none. For `sync`, which reads events afresh. */
  async byIds(userId: UserId, notificationIds: readonly NotificationId[]): Promise<(NotificationView | null)[]> {
    return this.present(userId, await this.dependencies.rows.readMany(userId, notificationIds));
  }

  /** Null where there is no row, and for the acts of accounts that are gone. */
  private async present(
    userId: UserId,
    found: readonly (NotificationRow | null)[],
  ): Promise<(NotificationView | null)[]> {
    const { rows, profiles } = this.dependencies;
    const actorIds = found.filter((row) => row !== null).map((row) => row.actorId);
    const [summaries, mark] = await Promise.all([profiles.summaries(actorIds), rows.mark(userId)]);
    const actors = new Map(actorIds.map((actorId, index) => [actorId, summaries[index] ?? null]));
    return found.map((row) => {
      const actor = row === null ? null : (actors.get(row.actorId) ?? null);
      if (row === null || actor === null) return null;
      return notificationView(row, actor, mark !== null && row.notificationId <= mark.readUpTo);
    });
  }

  /** Another node's clock may be ahead of ours by less than the overlap. */
  private nowMs(): number {
    return this.dependencies.clock.now() + limits.overlapMs;
  }
}
