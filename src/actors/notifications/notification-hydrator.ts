/** Catching up on notifications: the event's data is read fresh, so a notification taken back or read meanwhile shows as such. */
import { type NotificationId, parseId } from '../../ids.ts';
import type { EventHydrators, References } from '../feed/event-hydration.ts';
import type { NotificationService } from './notification-service.ts';

export function notificationHydrators(notifications: Pick<NotificationService, 'byIds'>): EventHydrators {
  return {
    'notification.new': async (userId, references) => {
      const ids = references.map(notificationIdOf);
      const known = ids.filter((id) => id !== null);
      const views = await notifications.byIds(userId, known);
      const byId = new Map(known.map((id, index) => [id, views[index] ?? null]));
      return ids.map((id) => {
        const view = id === null ? null : (byId.get(id) ?? null);
        return view === null ? null : JSON.stringify(view);
      });
    },
  };
}

function notificationIdOf(references: References): NotificationId | null {
  return parseId<NotificationId>(references['notificationId'] ?? '');
}
