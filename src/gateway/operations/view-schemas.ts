/** What clients are shown, as schemas: the shapes of actors/views.ts, kept equal to them by a test on types. */
import { z } from 'zod';
import type { CommentId, MediaId, NotificationId, PostId, UserId } from '../../ids.ts';
import { PROTOCOL } from '../protocol/messages.ts';

function id<Id extends string>(): z.ZodType<Id, Id> {
  return z.string() as unknown as z.ZodType<Id, Id>;
}

/** Made by this server, so not taken apart again: a feed page has hundreds. */
const url = z.string().meta({ format: 'uri' });
const time = z.iso.datetime();
const count = z.int().min(0);
const nextCursor = z.string().nullable().meta({ description: 'For the next page; null: this is the last one.' });

export const userIdView = id<UserId>();
export const postIdView = id<PostId>();
export const mediaIdView = id<MediaId>();
const commentIdView = id<CommentId>();
const notificationIdView = id<NotificationId>();

const summaryShape = {
  id: userIdView,
  username: z.string(),
  displayName: z.string(),
  avatarUrl: url.nullable(),
};

export const userSummary = z.object(summaryShape).readonly().meta({ id: 'UserSummary' });

export const profileView = z
  .object({
    ...summaryShape,
    bio: z.string(),
    createdAt: time,
    followerCount: count,
    followingCount: count,
    postCount: count,
    followedByMe: z.boolean().exactOptional().meta({ description: 'Absent when nobody is signed in.' }),
  })
  .readonly()
  .meta({ id: 'Profile' });

const imageSource = z
  .object({ url: url, format: z.enum(['webp', 'jpeg']), width: count, height: count })
  .readonly()
  .meta({ id: 'ImageSource' });

const progress = z.enum(['pending', 'processing', 'complete', 'failed']);

const photoView = z
  .object({
    mediaId: mediaIdView,
    status: progress,
    failureReason: z.string().nullable(),
    width: count,
    height: count,
    thumbHash: z.string().meta({ description: 'Base64; a blurred preview of some 25 bytes.' }),
    dominantColor: z.string().meta({ example: '#a0b1c2' }),
    altText: z.string(),
    sources: z.array(imageSource).readonly().meta({ description: 'Widest first.' }),
  })
  .readonly()
  .meta({ id: 'Photo' });

const postShape = {
  id: postIdView,
  userId: userIdView,
  author: userSummary,
  caption: z.string(),
  mediaUrl: url.nullable().meta({ description: 'The widest JPEG of the first photo; null until there is one.' }),
  photos: z.array(photoView).readonly(),
  uploadStatus: progress,
  createdAt: time,
  publishedAt: time.nullable(),
  editedAt: time.nullable(),
  version: count.meta({ description: 'Counts visible changes: apply only a higher one.' }),
};

export const postView = z.object(postShape).readonly().meta({ id: 'Post' });

export const postPageItem = z
  .object({ ...postShape, likeCount: count, commentCount: count, likedByMe: z.boolean() })
  .readonly()
  .meta({ id: 'PostOnPage' });

export const commentView = z
  .object({
    id: commentIdView,
    postId: postIdView,
    author: userSummary,
    parentId: commentIdView.nullable(),
    text: z.string(),
    createdAt: time,
  })
  .readonly()
  .meta({ id: 'Comment' });

export const notificationView = z
  .object({
    id: notificationIdView,
    kind: z.enum(['follow', 'like', 'comment', 'reply']),
    actor: userSummary,
    postId: postIdView.nullable(),
    commentId: commentIdView.nullable(),
    createdAt: time,
    read: z.boolean(),
  })
  .readonly()
  .meta({ id: 'Notification' });

export const position = z
  .object({ epoch: z.string(), seq: count, cursor: z.string() })
  .readonly()
  .meta({ id: 'Position', description: 'Where a live connection continues from after showing this page.' });

export const wireEvent = z
  .object({ id: z.string(), type: z.string(), at: time, data: z.unknown() })
  .readonly()
  .meta({ id: 'Event', description: `An event of ${PROTOCOL}: the same \`id\` always means the same event.` });

export const uploadSlot = z
  .object({
    mediaId: mediaIdView,
    uploadUrl: url.meta({ description: 'Takes one PUT of the bytes.' }),
    headers: z.record(z.string(), z.string()).readonly().meta({ description: 'To be sent with the PUT.' }),
    form: z
      .object({ url: z.url(), fields: z.record(z.string(), z.string()).readonly() })
      .readonly()
      .exactOptional()
      .meta({
        description:
          'Instead of the PUT, where the bytes go straight to the blob store: a POST of multipart/form-data, all fields first, then the bytes as `file`; then `upload.complete`.',
      }),
  })
  .readonly()
  .meta({ id: 'UploadSlot' });

export const signedIn = z
  .object({
    user: userSummary,
    accessToken: z.string(),
    refreshToken: z.string().meta({ description: 'Works once: keep the one that `refresh` answers with.' }),
    expiresIn: count.meta({ description: 'Seconds until the access token expires.' }),
  })
  .readonly()
  .meta({ id: 'SignedIn' });

export const postPage = z.object({ posts: z.array(postPageItem).readonly(), nextCursor }).readonly();
export const userPage = z.object({ users: z.array(userSummary).readonly(), nextCursor }).readonly();
export const commentPage = z.object({ comments: z.array(commentView).readonly(), nextCursor }).readonly();
export const notificationPage = z
  .object({ notifications: z.array(notificationView).readonly(), nextCursor, unread: count })
  .readonly();

export const success = z
  .object({ status: z.literal('SUCCESS') })
  .readonly()
  .meta({ id: 'Success' });
export const likes = z.object({ likeCount: count }).readonly();
export const unreadCount = z.object({ unread: count }).readonly();

/** The answer of operations that have none: 204 without a body by REST, `null` in a `result`. */
export const nothing = z.null();
