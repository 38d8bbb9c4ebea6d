/** What happened around the user, newest first, and how much of it is unread. */
import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { pageInput, pageOf } from './input-schemas.ts';
import { notificationPage } from './view-schemas.ts';

export const notificationList = defineOperation({
  name: 'notification.list',
  summary: 'List your notifications',
  method: 'GET',
  paths: ['/v1/notifications'],
  auth: 'user',
  rate: 'read',
  status: 200,
  input: z.object(pageInput),
  output: notificationPage,
  async handle({ services, viewer }, input) {
    const page = await services.notifications.list(viewer.userId, pageOf(input));
    return { notifications: page.items, nextCursor: page.nextCursor, unread: page.unread };
  },
});
