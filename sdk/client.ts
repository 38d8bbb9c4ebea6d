/** Everything a Shutterline server can be asked for, typed. One object per signed-in person; `live()` opens its event stream. */
import type { LiveCredentials } from './greeter.ts';
import { Http } from './http.ts';
import { Live, type LiveHandlers } from './live.ts';
import { clientLimits } from './limits.ts';
import { type Platform, systemPlatform } from './platform.ts';
import { asProblem } from './problem.ts';
import { memoryStorage, type TextStorage } from './storage.ts';
import { type Account, type Lock, Tokens } from './tokens.ts';
import { upload, type UploadBytes, type UploadOptions } from './uploads.ts';
import type {
  CommentPage,
  CommentView,
  CreatedPost,
  FeedPage,
  NotificationPage,
  PostPage,
  PostPageItem,
  PostView,
  ProfileView,
  Revalidated,
  SignedIn,
  SyncPage,
  UploadSlot,
  UserPage,
} from './wire.ts';

export interface ClientOptions {
  /** The server's address: `https://host`. */
  readonly url: string;
  /** Names this installation; see `LiveOptions.device`. */
  readonly device?: string;
  /** Where the tokens stay between two runs. Default: in memory. */
  readonly tokenStorage?: TextStorage;
  /** Keeps windows that share the storage from refreshing at once: `navigator.locks` in a browser. */
  readonly lock?: Lock;
  readonly platform?: Platform;
}

export interface NewPhoto {
  readonly bytes: UploadBytes;
  readonly contentType: string;
  readonly altText?: string;
}

export interface PageOptions {
  readonly cursor?: string | null;
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export class Client {
  readonly url: string;
  readonly device: string;
  readonly tokens: Tokens;
  private readonly platform: Platform;
  private readonly http: Http;

  constructor(options: ClientOptions) {
    this.platform = options.platform ?? systemPlatform();
    this.url = options.url.replace(/\/+$/, '');
    this.device = options.device ?? this.platform.uniqueId();
    const refresh = (refreshToken: string): Promise<SignedIn> =>
      this.http.send({ method: 'POST', path: '/v1/refresh', body: { refreshToken }, auth: 'none' });
    this.tokens = new Tokens(this.platform, options.tokenStorage ?? memoryStorage(), refresh, options.lock);
    this.http = new Http({
      url: this.url,
      platform: this.platform,
      token: async (refused) => (this.tokens.account === null ? null : (await this.tokens.access(refused)).text),
    });
  }

  get account(): Account | null {
    return this.tokens.account;
  }

  /** Events of the signed-in person's log. `start` it with the feed page that is shown. */
  live(
    handlers: LiveHandlers,
    options: { storage?: TextStorage; resumeInUpgrade?: boolean; rememberedEventIds?: number } = {},
  ): Live {
    const credentials: LiveCredentials = {
      accessToken: (refused) => this.tokens.access(refused),
      onFresh: (listener) => this.tokens.onChange((account) => account !== null && listener(account.accessToken)),
    };
    return new Live({ ...options, url: this.url, device: this.device, platform: this.platform, credentials, handlers });
  }

  // Accounts

  async register(input: { username: string; email: string; password: string }): Promise<Account> {
    const body = { ...input, device: this.device };
    return this.tokens.signIn(
      await this.http.send({ method: 'POST', path: '/v1/register', body, auth: 'none', once: true }),
    );
  }

  /** `login`: e-mail address or user name. */
  async login(login: string, password: string): Promise<Account> {
    const body = { email: login, password, device: this.device };
    return this.tokens.signIn(await this.http.send({ method: 'POST', path: '/v1/login', body, auth: 'none' }));
  }

  /** Ends the session here and on the server; when the server cannot be reached, here at least. */
  async logout(): Promise<void> {
    try {
      await this.http.send({ method: 'POST', path: '/v1/logout', auth: 'required' });
    } catch (error) {
      if (asProblem(error).status >= 500) throw error;
    } finally {
      this.tokens.signOut();
    }
  }

  // People

  me(): Promise<ProfileView> {
    return this.get('/v1/me');
  }

  async editProfile(changes: {
    displayName?: string;
    bio?: string;
    avatarMediaId?: string | null;
  }): Promise<ProfileView> {
    const profile = await this.http.send<ProfileView>({
      method: 'PATCH',
      path: '/v1/me',
      body: changes,
      auth: 'required',
    });
    const { id, username, displayName, avatarUrl } = profile;
    this.tokens.renameUser({ id, username, displayName, avatarUrl });
    return profile;
  }

  /** Sends the picture and makes it the person's own; resolves when the server shows it. */
  async changeAvatar(bytes: UploadBytes, contentType: string, options: UploadOptions = {}): Promise<ProfileView> {
    const slot = await this.http.send<UploadSlot>({
      method: 'POST',
      path: '/v1/me/avatar',
      body: { contentType },
      auth: 'required',
      key: true,
    });
    await upload(this.platform, slot, bytes, options);
    return this.editProfile({ avatarMediaId: slot.mediaId });
  }

  user(userId: string): Promise<ProfileView> {
    return this.get(`/v1/users/${encodeURIComponent(userId)}`);
  }

  userByName(username: string): Promise<ProfileView> {
    return this.get(`/v1/users/by-username/${encodeURIComponent(username)}`);
  }

  follow(followedId: string): Promise<{ status: 'SUCCESS' }> {
    return this.http.send({ method: 'POST', path: '/v1/follows', body: { followedId }, auth: 'required', key: true });
  }

  async unfollow(followedId: string): Promise<void> {
    await this.http.send({ method: 'DELETE', path: `/v1/follows/${encodeURIComponent(followedId)}`, auth: 'required' });
  }

  followers(userId: string, page: PageOptions = {}): Promise<UserPage> {
    return this.get(`/v1/users/${encodeURIComponent(userId)}/followers`, page);
  }

  following(userId: string, page: PageOptions = {}): Promise<UserPage> {
    return this.get(`/v1/users/${encodeURIComponent(userId)}/following`, page);
  }

  // Posts

  /** Creates the draft and sends the photos; the post goes live by itself once the first can be shown. */
  async publish(
    post: { caption: string; photos: readonly NewPhoto[]; key?: string },
    options: UploadOptions = {},
  ): Promise<CreatedPost> {
    const photos = post.photos.map(({ contentType, altText = '' }) => ({ contentType, altText }));
    const created = await this.createDraft({ caption: post.caption, photos }, post.key);
    const parts = post.photos.map(() => 0);
    for (const [index, photo] of post.photos.entries()) {
      const slot = created.uploads[index];
      if (slot === undefined) throw new Error('The server gave fewer places than photos.');
      const onProgress = (part: number): void => {
        parts[index] = part;
        options.onProgress?.(parts.reduce((sum, each) => sum + each, 0) / parts.length);
      };
      await upload(
        this.platform,
        slot,
        photo.bytes,
        options.onProgress === undefined ? options : { ...options, onProgress },
      );
    }
    return created;
  }

  createDraft(
    draft: { caption: string; photos: readonly { contentType: string; altText: string }[] },
    key?: string,
  ): Promise<CreatedPost> {
    return this.http.send({ method: 'POST', path: '/v1/posts', body: draft, auth: 'required', key: key ?? true });
  }

  /** Sends bytes to a place that `createDraft` gave. */
  upload(
    slot: Pick<UploadSlot, 'uploadUrl' | 'headers'>,
    bytes: UploadBytes,
    options: UploadOptions = {},
  ): Promise<void> {
    return upload(this.platform, slot, bytes, options);
  }

  post(postId: string): Promise<PostPageItem> {
    return this.get(`/v1/posts/${encodeURIComponent(postId)}`);
  }

  editPost(postId: string, changes: { caption: string }): Promise<PostView> {
    return this.http.send({
      method: 'PUT',
      path: `/v1/posts/${encodeURIComponent(postId)}`,
      body: changes,
      auth: 'required',
    });
  }

  async deletePost(postId: string): Promise<void> {
    await this.http.send({ method: 'DELETE', path: `/v1/posts/${encodeURIComponent(postId)}`, auth: 'required' });
  }

  postsOf(userId: string, page: PageOptions = {}): Promise<PostPage> {
    return this.get(`/v1/users/${encodeURIComponent(userId)}/posts`, page);
  }

  feed(page: PageOptions = {}): Promise<FeedPage> {
    return this.get('/v1/feed', page);
  }

  /** What became of posts that are held: id → version. Any number; asked in batches. */
  async revalidate(held: Readonly<Record<string, number>>): Promise<Revalidated> {
    const entries = Object.entries(held);
    const changed: PostPageItem[] = [];
    const gone: string[] = [];
    for (let start = 0; start < entries.length; start += clientLimits.revalidatedAtOnce) {
      const body = { held: Object.fromEntries(entries.slice(start, start + clientLimits.revalidatedAtOnce)) };
      const answer = await this.http.send<Revalidated>({
        method: 'POST',
        path: '/v1/posts/revalidate',
        body,
        auth: 'required',
      });
      changed.push(...answer.changed);
      gone.push(...answer.gone);
    }
    return { changed, gone };
  }

  /** For an application that wakes without a live connection; `Live` does it by itself. */
  sync(cursor: string): Promise<SyncPage> {
    return this.get('/v1/sync', { cursor });
  }

  // Likes and comments

  like(postId: string): Promise<{ likeCount: number }> {
    return this.http.send({ method: 'PUT', path: `/v1/posts/${encodeURIComponent(postId)}/like`, auth: 'required' });
  }

  unlike(postId: string): Promise<{ likeCount: number }> {
    return this.http.send({ method: 'DELETE', path: `/v1/posts/${encodeURIComponent(postId)}/like`, auth: 'required' });
  }

  comment(postId: string, input: { text: string; parentId?: string | null }, key?: string): Promise<CommentView> {
    const path = `/v1/posts/${encodeURIComponent(postId)}/comments`;
    return this.http.send({ method: 'POST', path, body: input, auth: 'required', key: key ?? true });
  }

  comments(postId: string, page: PageOptions = {}): Promise<CommentPage> {
    return this.get(`/v1/posts/${encodeURIComponent(postId)}/comments`, page);
  }

  async deleteComment(postId: string, commentId: string): Promise<void> {
    const path = `/v1/posts/${encodeURIComponent(postId)}/comments/${encodeURIComponent(commentId)}`;
    await this.http.send({ method: 'DELETE', path, auth: 'required' });
  }

  // Notifications

  notifications(page: PageOptions = {}): Promise<NotificationPage> {
    return this.get('/v1/notifications', page);
  }

  /** Everything up to this one, or everything, counts as read. */
  markNotificationsRead(upTo?: string): Promise<{ unread: number }> {
    const body = upTo === undefined ? {} : { upTo };
    return this.http.send({ method: 'POST', path: '/v1/notifications/read', body, auth: 'required' });
  }

  private get<Result>(path: string, page: PageOptions = {}): Promise<Result> {
    const query = new URLSearchParams();
    if (page.cursor !== undefined && page.cursor !== null) query.set('cursor', page.cursor);
    if (page.limit !== undefined) query.set('limit', String(page.limit));
    const text = query.toString();
    const signal = page.signal === undefined ? {} : { signal: page.signal };
    return this.http.send({ method: 'GET', path: text === '' ? path : `${path}?${text}`, auth: 'if-any', ...signal });
  }
}
