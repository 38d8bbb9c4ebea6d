/**
 * What travels between client and server: the messages of `shutterline.v1` and the JSON shapes that REST, operations and
 * events share. A mirror of the server's types, with ids as plain strings; a test holds the two together.
 */

export const PROTOCOL = 'shutterline.v1';

// Live messages

export interface ResumePoint {
  readonly epoch: string;
  readonly seq: number;
  readonly cursor: string;
}

export interface SessionState {
  readonly unreadNotifications: number;
}

export type ClientMessage =
  | {
      readonly t: 'hello';
      /** Exactly one of `token` (an access token) and `ticket`. */
      readonly token?: string;
      readonly ticket?: string;
      /** Required with `token`; a ticket names its device itself. */
      readonly device?: string;
      readonly resume?: ResumePoint;
      readonly caps?: readonly string[];
    }
  | { readonly t: 'ack'; readonly seq: number }
  | { readonly t: 'op'; readonly id: string; readonly op: string; readonly params?: unknown; readonly key?: string }
  | { readonly t: 'watch'; readonly topics: readonly string[] }
  | { readonly t: 'unwatch'; readonly topics: readonly string[] }
  | { readonly t: 'auth'; readonly token: string };

export interface WireEvent {
  /** What happened, e.g. `post.new:<postId>`: the same for the live and the caught-up copy. */
  readonly id: string;
  readonly type: string;
  /** RFC 3339. */
  readonly at: string;
  readonly data: unknown;
}

/** The body of a problem document (RFC 9457), also in `result` messages. */
export interface ProblemDocument {
  /** `urn:shutterline:error:<code>`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly errors?: readonly FieldError[];
  readonly requestId?: string;
}

export interface FieldError {
  /** Path into the input: `caption`, `photos.0.altText`. */
  readonly field: string;
  readonly reason: string;
}

export type WelcomeMessage = Extract<ServerMessage, { readonly t: 'welcome' }>;
export type EventsMessage = Extract<ServerMessage, { readonly t: 'events' }>;

export type ServerMessage =
  | {
      readonly t: 'welcome';
      readonly user: string;
      readonly session: string;
      readonly epoch: string;
      readonly seq: number;
      readonly cursor: string;
      readonly mode: 'fresh' | 'resumed' | 'behind' | 'reset';
      readonly state: SessionState;
      readonly ticket: string;
      readonly pingMs: number;
    }
  | {
      readonly t: 'events';
      readonly epoch: string;
      /** Of the first event; the others follow without a gap. */
      readonly seq: number;
      readonly cursor: string;
      readonly events: readonly WireEvent[];
    }
  | { readonly t: 'behind'; readonly epoch: string; readonly seq: number; readonly cursor: string }
  | { readonly t: 'reset'; readonly reason: string }
  | { readonly t: 'result'; readonly id: string; readonly ok: true; readonly result: unknown }
  | { readonly t: 'result'; readonly id: string; readonly ok: false; readonly error: ProblemDocument }
  | { readonly t: 'state'; readonly state: Partial<SessionState> }
  | { readonly t: 'live'; readonly topic: string; readonly type: string; readonly data: unknown }
  | { readonly t: 'ticket'; readonly ticket: string }
  | { readonly t: 'drain'; readonly afterMs: number }
  | { readonly t: 'error'; readonly error: ProblemDocument };

/** One page of what a device missed. */
export interface SyncPage {
  readonly events: readonly WireEvent[];
  /** To go on from; when `done`, to keep. */
  readonly cursor: string;
  readonly done: boolean;
  /** Set when the cursor is beyond retention or bounds: reload feed and notifications instead. */
  readonly reset: 'retention' | 'bounds' | null;
}

// Shapes

export interface UserSummary {
  readonly id: string;
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

export type UploadStatus = 'pending' | 'processing' | 'complete' | 'failed';

export interface PhotoView {
  readonly mediaId: string;
  readonly status: UploadStatus;
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

/** The `data` of a `post.new` event is exactly this: nothing personal is in it. */
export interface PostView {
  readonly id: string;
  readonly userId: string;
  readonly author: UserSummary;
  readonly caption: string;
  /** The widest JPEG of the first photo; null until there is one. */
  readonly mediaUrl: string | null;
  readonly photos: readonly PhotoView[];
  readonly uploadStatus: UploadStatus;
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
  readonly id: string;
  readonly postId: string;
  readonly author: UserSummary;
  readonly parentId: string | null;
  readonly text: string;
  readonly createdAt: string;
}

export type NotificationKind = 'follow' | 'like' | 'comment' | 'reply';

export interface NotificationView {
  readonly id: string;
  readonly kind: NotificationKind;
  readonly actor: UserSummary;
  readonly postId: string | null;
  readonly commentId: string | null;
  readonly createdAt: string;
  readonly read: boolean;
}

export interface UploadSlot {
  readonly mediaId: string;
  /** Absolute; takes one `PUT` of the bytes. */
  readonly uploadUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the bytes can go instead: a `POST` of `multipart/form-data`, all fields, then `file`; then complete the upload. */
  readonly form?: { readonly url: string; readonly fields: Readonly<Record<string, string>> };
}

export interface SignedIn {
  readonly user: UserSummary;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Seconds until the access token expires. */
  readonly expiresIn: number;
}

export interface FeedPage {
  readonly posts: readonly PostPageItem[];
  readonly nextCursor: string | null;
  /** Where to continue live from; on the first page only. */
  readonly position: ResumePoint | null;
}

/** The first page of a feed, as what an application shows from now on. */
export interface ShownFeed extends Pick<FeedPage, 'position'> {
  readonly posts: readonly Pick<PostPageItem, 'id'>[];
}

export interface UserPage {
  readonly users: readonly UserSummary[];
  readonly nextCursor: string | null;
}

export interface PostPage {
  readonly posts: readonly PostPageItem[];
  readonly nextCursor: string | null;
}

export interface CommentPage {
  readonly comments: readonly CommentView[];
  readonly nextCursor: string | null;
}

export interface NotificationPage {
  readonly notifications: readonly NotificationView[];
  readonly unread: number;
  readonly nextCursor: string | null;
}

export interface CreatedPost {
  readonly postId: string;
  readonly uploadUrl: string;
  readonly uploads: readonly UploadSlot[];
  readonly post: PostView;
}

export interface Revalidated {
  readonly changed: readonly PostPageItem[];
  readonly gone: readonly string[];
}
