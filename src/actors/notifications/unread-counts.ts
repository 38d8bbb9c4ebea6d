/** The badge: how many notifications are unread, counted no further than `limits.unreadCountMax`. */
import type { Clock } from '../../clock.ts';
import type { UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Notifications } from '../../storage/repositories/notifications.ts';
import type { LiveEvents } from '../live/live-events.ts';

export interface UnreadCountsDependencies {
  readonly notifications: Notifications;
  readonly live: Pick<LiveEvents, 'setState'>;
  readonly clock: Pick<Clock, 'now'>;
}

export class UnreadCounts {
  private readonly dependencies: UnreadCountsDependencies;

  constructor(dependencies: UnreadCountsDependencies) {
    this.dependencies = dependencies;
  }

  /** 0 … `limits.unreadCountMax`; the maximum means "as many or more". */
  read(userId: UserId): Promise<number> {
    const { notifications, clock } = this.dependencies;
    return notifications.unread(userId, { nowMs: clock.now() + limits.overlapMs, most: limits.unreadCountMax });
  }

  /** Counts and tells all of the user's sessions. Within the user's mailbox, so that an older count never comes last. */
  async publish(userId: UserId): Promise<number> {
    const unread = await this.read(userId);
    this.dependencies.live.setState(userId, { unreadNotifications: unread });
    return unread;
  }
}
