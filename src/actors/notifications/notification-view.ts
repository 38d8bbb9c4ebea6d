/** A notification as clients see it. */
import { timeOfId } from '../../ids.ts';
import type { UserSummary, NotificationView } from '../views.ts';
import type { Notice } from './notification-rules.ts';

export function notificationView(notice: Notice, actor: UserSummary, read: boolean): NotificationView {
  return {
    id: notice.notificationId,
    kind: notice.kind,
    actor,
    postId: notice.postId,
    commentId: notice.commentId,
    createdAt: new Date(timeOfId(notice.notificationId)).toISOString(),
    read,
  };
}
