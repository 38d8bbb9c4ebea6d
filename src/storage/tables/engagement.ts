/** Likes, comments and notifications. */
import type { CommentId, NotificationId, PostId, UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { column, defineTable } from '../table.ts';

/** `bucket` = hash of userId (storage/buckets.ts). */
export const likesByPost = defineTable({
  name: 'likes_by_post',
  columns: {
    postId: column.text<PostId>(),
    bucket: column.integer(),
    userId: column.text<UserId>(),
    state: column.text<'active' | 'gone'>(),
    likedAtMs: column.integer(),
    revision: column.integer(),
  },
  partitionKey: ['postId', 'bucket'],
  clusteringKey: ['userId'],
  discipline: 'lww',
});

/** `month` of postId, so that a post's like is found without a search. */
export const likesByUser = defineTable({
  name: 'likes_by_user',
  columns: {
    userId: column.text<UserId>(),
    month: column.integer(),
    postId: column.text<PostId>(),
    state: column.text<'active' | 'gone'>(),
    likedAtMs: column.integer(),
    revision: column.integer(),
  },
  partitionKey: ['userId', 'month'],
  clusteringKey: ['postId'],
  discipline: 'lww',
});

/** `month` of commentId. */
export const comments = defineTable({
  name: 'comments',
  columns: {
    postId: column.text<PostId>(),
    month: column.integer(),
    commentId: column.text<CommentId>(),
    authorId: column.text<UserId>(),
    parentId: column.nullable(column.text<CommentId>()),
    text: column.text(),
    state: column.text<'active' | 'gone'>(),
    createdAtMs: column.integer(),
    revision: column.integer(),
  },
  partitionKey: ['postId', 'month'],
  clusteringKey: ['commentId'],
  order: 'descending',
  discipline: 'lww',
});

export type NotificationKind = 'follow' | 'like' | 'comment' | 'reply';

/** `month` of notificationId, which is the id of the activity it tells of: a rerun writes the same row. */
export const notifications = defineTable({
  name: 'notifications',
  columns: {
    userId: column.text<UserId>(),
    month: column.integer(),
    notificationId: column.text<NotificationId>(),
    kind: column.text<NotificationKind>(),
    actorId: column.text<UserId>(),
    postId: column.nullable(column.text<PostId>()),
    commentId: column.nullable(column.text<CommentId>()),
  },
  partitionKey: ['userId', 'month'],
  clusteringKey: ['notificationId'],
  order: 'descending',
  discipline: 'immutable',
  retentionMs: limits.timelineRetentionMs,
});

/** Everything up to `readUpTo` has been read. */
export const notificationMarks = defineTable({
  name: 'notification_marks',
  columns: {
    userId: column.text<UserId>(),
    readUpTo: column.text<NotificationId>(),
    revision: column.integer(),
  },
  partitionKey: ['userId'],
  discipline: 'lww',
});
