/**
 * What the product can do for a user, as the gateway calls it. Implementations live beside the rows they own; the
 * composition root binds them. Each method checks who may see or do what, and rejects with a `Problem`.
 */
import type { CommentId, MediaId, NotificationId, PostId, UserId } from '../ids.ts';
import type { UploadSlot } from '../media/uploads.ts';
import type { LogEvent } from './event.ts';
import type {
  CommentView,
  NotificationView,
  Page,
  Position,
  PostPageItem,
  PostView,
  ProfileView,
  UserSummary,
} from './views.ts';

export interface PageRequest {
  /** Opaque, from the page before; null for the first. `invalid-cursor` if not ours. */
  readonly cursor: string | null;
  readonly limit: number;
}

export interface Profiles {
  byId(viewerId: UserId | null, userId: UserId): Promise<ProfileView>;
  byUsername(viewerId: UserId | null, username: string): Promise<ProfileView>;
  /** Where to send the picture for `avatarMediaId`. */
  avatarUpload(userId: UserId, contentType: string): Promise<UploadSlot>;
  /** `avatarMediaId`: an uploaded image of the user's own; null takes the avatar away. */
  edit(
    userId: UserId,
    changes: { displayName?: string; bio?: string; avatarMediaId?: MediaId | null },
  ): Promise<ProfileView>;
  /** In the order of `userIds`, null where there is no such user. Cached. */
  summaries(userIds: readonly UserId[]): Promise<(UserSummary | null)[]>;
}

export interface Graph {
  /** Following twice is fine. The feed holds the author's recent posts when it resolves. */
  follow(followerId: UserId, followedId: UserId): Promise<void>;
  unfollow(followerId: UserId, followedId: UserId): Promise<void>;
  followers(viewerId: UserId | null, userId: UserId, page: PageRequest): Promise<Page<UserSummary>>;
  following(viewerId: UserId | null, userId: UserId, page: PageRequest): Promise<Page<UserSummary>>;
}

export interface NewPhoto {
  readonly contentType: string;
  readonly altText: string;
}

export interface Posts {
  /** A draft that goes live by itself when its photos have arrived and the first can be seen. `idempotency`: see actors/idempotency.ts. */
  createDraft(
    authorId: UserId,
    input: { caption: string; photos: readonly NewPhoto[] },
    idempotency: Idempotent,
  ): Promise<{ post: PostView; uploads: readonly UploadSlot[] }>;
  read(viewerId: UserId | null, postId: PostId): Promise<PostPageItem>;
  edit(authorId: UserId, postId: PostId, changes: { caption: string }): Promise<PostView>;
  remove(authorId: UserId, postId: PostId): Promise<void>;
  ofUser(viewerId: UserId | null, userId: UserId, page: PageRequest): Promise<Page<PostPageItem>>;
  /** What became of posts a client holds: the newer ones, and the ids of those it must drop. At most 100. */
  revalidate(
    viewerId: UserId,
    held: Readonly<Record<string, number>>,
  ): Promise<{ changed: readonly PostPageItem[]; gone: readonly PostId[] }>;
}

/** An idempotency key of the caller's, or null. The same key of a user and operation has the effect of one call. */
export interface Idempotent {
  readonly key: string | null;
}

export interface SyncPage {
  readonly events: readonly LogEvent[];
  /** To go on from; when `done`, to keep. */
  readonly cursor: string;
  readonly done: boolean;
  /** Set when the cursor is beyond retention or bounds: reload feed and notifications instead. */
  readonly reset: 'retention' | 'bounds' | null;
}

export interface Feed {
  /** Newest publication first. `position` on the first page only. */
  page(
    userId: UserId,
    page: PageRequest,
  ): Promise<{ posts: readonly PostPageItem[]; nextCursor: string | null; position: Position | null }>;
  /** What arrived for the user from the cursor on, oldest first, checked against what they may see now. */
  sync(userId: UserId, cursor: string): Promise<SyncPage>;
}

export interface Engagement {
  /** Liking twice is fine. Resolves to the post's new count. */
  like(userId: UserId, postId: PostId): Promise<{ likeCount: number }>;
  unlike(userId: UserId, postId: PostId): Promise<{ likeCount: number }>;
  comment(
    userId: UserId,
    postId: PostId,
    input: { text: string; parentId: CommentId | null },
    idempotency: Idempotent,
  ): Promise<CommentView>;
  deleteComment(userId: UserId, postId: PostId, commentId: CommentId): Promise<void>;
  /** Tells whoever watches the post that the user is writing a comment. Nothing is kept. */
  typing(userId: UserId, postId: PostId): Promise<void>;
  /** Newest first. */
  comments(viewerId: UserId | null, postId: PostId, page: PageRequest): Promise<Page<CommentView>>;
}

export interface Notifications {
  /** Newest first. */
  list(userId: UserId, page: PageRequest): Promise<Page<NotificationView> & { unread: number }>;
  /** Everything up to this one (or all, if null) counts as read. */
  markRead(userId: UserId, upTo: NotificationId | null): Promise<{ unread: number }>;
}

/** Ephemeral news of what is on someone's screen: `watch` topics `post:<id>`. Lost ones do not matter. */
export interface LiveTopics {
  publish(topic: string, type: 'counts' | 'comment.new' | 'comment.deleted' | 'typing', data: unknown): void;
  subscribe(topic: string, receive: (type: string, data: unknown) => void): () => void;
}
