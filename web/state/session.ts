/**
 * All that belongs to one signed-in person (or to a visitor, who has no feed and no live connection): what is held, what
 * is live, and what can be done. A new one is made whenever somebody signs in or out.
 */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Client } from '../../sdk/client.ts';
import type { Live, LiveStatus } from '../../sdk/live.ts';
import type { Account } from '../../sdk/tokens.ts';
import type { LiveNews } from '../../sdk/watches.ts';
import type { NotificationView, PostPageItem, ShownFeed, WireEvent } from '../../sdk/wire.ts';
import { Feed } from './feed.ts';
import { Likes } from './likes.ts';
import { PagedList } from './paged-list.ts';
import { PostShelf } from './posts.ts';
import { Publishing } from './publishing.ts';
import type { Toasts } from './toasts.ts';

/** Posts held beyond it are forgotten when no list shows them. */
const HELD_POSTS_MAX = 400;

export interface SessionPorts {
  readonly client: Client;
  readonly toasts: Toasts;
  /** Whether a post that arrives now may be put on top without moving what is being read. */
  atTop(): boolean;
  signedOut(): void;
}

export class Session {
  readonly account: Account | null;
  readonly shelf = new PostShelf();
  readonly feed: Feed;
  readonly notifications: PagedList<NotificationView>;
  readonly likes: Likes;
  readonly publishing: Publishing;
  private readonly ports: SessionPorts;
  private readonly live: Live;
  private readonly unreadCount = signal(0);
  private readonly connection = signal<LiveStatus>({ kind: 'connecting' });
  private readonly reloads = signal(0);
  private readonly keepers = new Set<() => readonly string[]>();
  private ended = false;

  constructor(ports: SessionPorts, account: Account | null) {
    this.ports = ports;
    this.account = account;
    const { client, toasts } = ports;
    this.feed = new Feed(client, this.shelf);
    this.likes = new Likes(client, this.shelf, toasts);
    this.publishing = new Publishing(client, (postId) => this.fetchPublished(postId));
    this.notifications = new PagedList(
      async (cursor) => {
        const page = await client.notifications({ cursor, limit: 20 });
        this.unreadCount.value = page.unread;
        return { items: page.notifications, nextCursor: page.nextCursor };
      },
      (notification) => notification.id,
    );
    this.live = client.live({
      event: (event) => this.receive(event),
      reload: () => this.reload(),
      caughtUp: () => void this.revalidate(),
      state: (state) => {
        if (state.unreadNotifications !== undefined) this.showUnread(state.unreadNotifications);
      },
      status: (status) => this.showStatus(status),
    });
  }

  get userId(): string | null {
    return this.account?.user.id ?? null;
  }

  get unread(): ReadonlySignal<number> {
    return this.unreadCount;
  }

  get status(): ReadonlySignal<LiveStatus> {
    return this.connection;
  }

  /** Counts reloads after a gap: pages that hold lists of their own read them again. */
  get generation(): ReadonlySignal<number> {
    return this.reloads;
  }

  /** Reads the feed, then goes live from exactly there. Repeat it when it failed. */
  async start(): Promise<void> {
    if (this.account === null || this.ended) return;
    const shown = await this.feed.read().catch(() => null);
    if (shown === null || this.ended) return;
    this.live.start(shown);
  }

  end(): void {
    this.ended = true;
    this.live.stop();
  }

  /** The network is back, or somebody looks again. */
  wake(): void {
    if (this.feed.list.phase.value.kind === 'failed' && this.live.status.kind === 'stopped') void this.start();
    else this.live.wake();
  }

  /** Counts of a post on the screen move live; `listener` hears of its comments. Returns how to end it. */
  watchPost(postId: string, listener: (news: LiveNews) => void = () => undefined): () => void {
    if (this.account === null) return () => undefined;
    return this.live.watch(`post:${postId}`, (news) => {
      if (news.type === 'counts') this.shelf.amend(postId, counts(news.data));
      listener(news);
    });
  }

  /** A list of posts that is shown beside the feed: they are not forgotten while it is. Returns how to end it. */
  keep(postIds: () => readonly string[]): () => void {
    this.keepers.add(postIds);
    return () => this.keepers.delete(postIds);
  }

  async readPost(postId: string): Promise<void> {
    this.shelf.applyPage([await this.ports.client.post(postId)]);
  }

  async deletePost(postId: string): Promise<void> {
    await this.ports.client.deletePost(postId);
    this.dropPost(postId);
  }

  async editCaption(postId: string, caption: string): Promise<void> {
    await this.ports.client.editPost(postId, { caption });
    await this.readPost(postId);
  }

  async follow(userId: string): Promise<void> {
    await this.ports.client.follow(userId);
    // The feed now holds this person's recent posts.
    await this.feed.list.reload();
  }

  async unfollow(userId: string): Promise<void> {
    await this.ports.client.unfollow(userId);
    this.feed.removeAuthor(userId);
  }

  async readNotifications(): Promise<void> {
    const newest = this.notifications.items.value[0];
    if (newest === undefined || this.unreadCount.value === 0) return;
    const { unread } = await this.ports.client.markNotificationsRead(newest.id);
    this.unreadCount.value = unread;
  }

  private receive(event: WireEvent): void {
    const change = this.shelf.applyEvent(event);
    if (change?.kind === 'gone') this.dropPost(change.postId);
    if (change?.kind === 'post') {
      const mine = this.publishing.arrived(change.post.id);
      if (event.type === 'post.new') this.feed.add(change.post, mine || this.ports.atTop());
      if (isShortened(change.post)) void this.readPost(change.post.id).catch(() => undefined);
    }
    if (event.type === 'media.failed') this.receiveFailure(event.data);
    if (event.type === 'notification.new') this.receiveNotification(event.data);
    this.tidy();
  }

  private receiveFailure(data: unknown): void {
    const { postId, reason } = (data ?? {}) as { postId?: unknown; reason?: unknown };
    if (typeof postId === 'string') this.publishing.failed(postId, typeof reason === 'string' ? reason : '');
  }

  private receiveNotification(data: unknown): void {
    const notification = data as NotificationView | null;
    if (typeof notification?.id !== 'string') return;
    this.notifications.change((held) =>
      held.some(({ id }) => id === notification.id) ? held : [notification, ...held],
    );
  }

  private showUnread(count: number): void {
    this.unreadCount.value = count;
    // Another window has read them.
    if (count === 0) {
      this.notifications.change((held) =>
        held.every(({ read }) => read) ? held : held.map((one) => ({ ...one, read: true })),
      );
    }
  }

  private showStatus(status: LiveStatus): void {
    this.connection.value = status;
    if (status.kind === 'stopped' && status.reason === 'signed-out') this.ports.signedOut();
  }

  /** The feed first: its page says from where the log goes on. */
  private async reload(): Promise<ShownFeed> {
    const shown = await this.feed.read();
    await this.notifications.reload();
    this.reloads.value++;
    return shown;
  }

  private async revalidate(): Promise<void> {
    try {
      const { changed, gone } = await this.ports.client.revalidate(this.shelf.versions());
      this.shelf.applyPage(changed);
      for (const postId of gone) this.dropPost(postId);
    } catch {
      // Nothing is wrong with what is shown; the next gap, or the next look at a post, tries again.
    }
  }

  private fetchPublished(postId: string): void {
    const shown = this.readPost(postId).then(() => {
      const post = this.shelf.signalOf(postId).peek();
      if (post !== null) this.feed.add(post, true);
      this.publishing.arrived(postId);
    });
    shown.catch((error: unknown) => this.ports.toasts.error(error));
  }

  private dropPost(postId: string): void {
    this.shelf.remove(postId);
    this.feed.remove(postId);
  }

  private tidy(): void {
    const held = Object.keys(this.shelf.versions());
    if (held.length <= HELD_POSTS_MAX) return;
    const elsewhere = [...this.keepers].flatMap((postIds) => postIds());
    const listed = new Set([...this.feed.list.items.peek(), ...this.feed.waiting.peek(), ...elsewhere]);
    this.shelf.retain((postId) => listed.has(postId));
  }
}

/** Events of very long posts leave out the addresses of the last photos. */
function isShortened(post: PostPageItem): boolean {
  return post.photos.some((photo) => photo.status === 'complete' && photo.sources.length === 0);
}

function counts(data: unknown): Partial<Pick<PostPageItem, 'likeCount' | 'commentCount'>> {
  const { likeCount, commentCount } = (data ?? {}) as { likeCount?: unknown; commentCount?: unknown };
  return {
    ...(typeof likeCount === 'number' ? { likeCount } : {}),
    ...(typeof commentCount === 'number' ? { commentCount } : {}),
  };
}
