/**
 * The consumer `notifications`: writes the notification, appends `notification.new` to the receiver's inbox and log,
 * and moves the badge. What was undone before is not told; if an earlier run got as far as the row, the row goes again.
 */
import { eventId, timeOfId } from '../../ids.ts';
import type { OutboxEntry } from '../../storage/activity.ts';
import type { Notifications } from '../../storage/repositories/notifications.ts';
import type { InboxWriter } from '../feed/inbox-writer.ts';
import type { Mailboxes } from '../mailboxes.ts';
import type { Profiles } from '../services.ts';
import type { UserSummary } from '../views.ts';
import type { NotificationFacts } from './notification-facts.ts';
import { actorOf, isNotified, type Notice, noticesOf } from './notification-rules.ts';
import { notificationView } from './notification-view.ts';
import type { UnreadCounts } from './unread-counts.ts';

export interface NotificationsConsumerDependencies {
  readonly notifications: Notifications;
  readonly facts: NotificationFacts;
  readonly profiles: Pick<Profiles, 'summaries'>;
  readonly inbox: InboxWriter;
  readonly unread: UnreadCounts;
  readonly mailboxes: Mailboxes;
}

export class NotificationsConsumer {
  private readonly dependencies: NotificationsConsumerDependencies;

  constructor(dependencies: NotificationsConsumerDependencies) {
    this.dependencies = dependencies;
  }

  async handle(entry: OutboxEntry): Promise<void> {
    const { activity, activityId } = entry;
    if (!isNotified(activity)) return;
    const { facts, profiles } = this.dependencies;
    const notices = noticesOf(activityId, activity, await facts.parentAuthor(activity));
    if (notices.length === 0) return;
    const actorId = actorOf(activity);
    const [stands, [actor]] = await Promise.all([facts.stands(activityId, activity), profiles.summaries([actorId])]);
    for (const notice of notices) {
      if (stands && actor && (await facts.mayKnow(notice))) await this.tell(notice, actor);
      else await this.takeBack(notice);
    }
  }

  private async tell(notice: Notice, actor: UserSummary): Promise<void> {
    const { notifications, inbox } = this.dependencies;
    await notifications.put(notice);
    const { userId, notificationId } = notice;
    await inbox.append(userId, {
      event: {
        id: eventId('notification.new', notificationId),
        type: 'notification.new',
        atMs: timeOfId(notificationId),
        dataJson: JSON.stringify(notificationView(notice, actor, false)),
      },
      references: { notificationId },
      entry: null,
    });
    await this.moveBadge(notice);
  }

  private async takeBack(notice: Notice): Promise<void> {
    const { notifications } = this.dependencies;
    const [written] = await notifications.readMany(notice.userId, [notice.notificationId]);
    if (written === null || written === undefined) return;
    await notifications.remove(notice.userId, notice.notificationId);
    await this.moveBadge(notice);
  }

  private async moveBadge({ userId }: Notice): Promise<void> {
    const { mailboxes, unread } = this.dependencies;
    await mailboxes.run(userId, () => unread.publish(userId));
  }
}
