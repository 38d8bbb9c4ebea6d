/** What clients are shown: plain JSON shapes, the same in REST answers, operation results and events. */
import type { CommentId, MediaId, NotificationId, PostId, UserId } from '../ids.ts';
import type { NotificationKind } from '../storage/tables/engagement.ts';

export interface UserSummary {
  readonly id: UserId;
  readonly username: string;
  readonly displayName: string;
  readonly avatarUrl: string | null;
}

export interface ProfileView extends UserSummary {
  readonly bio: string;
  readonly createdAt: string;
  readonly followerCount: number;
  readonly followingCount: number;
  readonly postCount: number;
  /** Of the viewer; absent when nobody is signed in. */
  readonly followedByMe?: boolean;
}

export interface ImageSource {
  /** Absolute. */
  readonly url: string;
  readonly format: 'webp' | 'jpeg';
  readonly width: number;
  readonly height: number;
}

export interface PhotoView {
  readonly mediaId: MediaId;
  readonly status: 'pending' | 'processing' | 'complete' | 'failed';
  readonly failureReason: string | null;
  readonly width: number;
  readonly height: number;
  /** Base64. */
  readonly thumbHash: string;
  readonly dominantColor: string;
  readonly altText: string;
  /** Widest first. */
  readonly sources: readonly ImageSource[];
}

/** Shared between all viewers: nothing personal is in it. The `data` of a `post.new` event is exactly this. */
export interface PostView {
  readonly id: PostId;
  readonly userId: UserId;
  readonly author: UserSummary;
  readonly caption: string;
  /** The widest JPEG of the first photo; null until there is one. */
  readonly mediaUrl: string | null;
  readonly photos: readonly PhotoView[];
  readonly uploadStatus: 'pending' | 'processing' | 'complete' | 'failed';
  readonly createdAt: string;
  readonly publishedAt: string | null;
  readonly editedAt: string | null;
  readonly version: number;
}

/** A post on a page for one viewer. */
export interface PostPageItem extends PostView {
  readonly likeCount: number;
  readonly commentCount: number;
  /** False when nobody is signed in. */
  readonly likedByMe: boolean;
}

export interface CommentView {
  readonly id: CommentId;
  readonly postId: PostId;
  readonly author: UserSummary;
  readonly parentId: CommentId | null;
  readonly text: string;
  readonly createdAt: string;
}

export interface NotificationView {
  readonly id: NotificationId;
  readonly kind: NotificationKind;
  readonly actor: UserSummary;
  readonly postId: PostId | null;
  readonly commentId: CommentId | null;
  readonly createdAt: string;
  readonly read: boolean;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** Where a client continues from: what it has shown so far is true for this position of its log. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
  readonly cursor: string;
}
