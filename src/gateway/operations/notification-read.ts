/** Marks notifications as read: all, or everything up to one. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { notificationIdInput } from './input-schemas.ts';
import { unreadCount } from './view-schemas.ts';

export const notificationRead = defineOperation({
  name: 'notification.read',
  summary: 'Mark notifications as read',
  method: 'POST',
  paths: ['/v1/notifications/read'],
  auth: 'user',
  rate: 'write',
  status: 200,
  input: z.strictObject({
    upTo: notificationIdInput.nullable().default(null).meta({ description: 'The newest one read; null: all.' }),
  }),
  output: unreadCount,
  handle: ({ services, viewer }, { upTo }) => services.notifications.markRead(viewer.userId, upTo),
});
