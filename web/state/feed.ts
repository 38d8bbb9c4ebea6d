/**
 * The feed: post ids, newest publication first. What arrives while the reader is further down waits behind the "new posts"
 * pill, so that the page does not jump under their eyes.
 */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Client } from '../../sdk/client.ts';
import type { PostPageItem, ShownFeed } from '../../sdk/wire.ts';
import { PagedList } from './paged-list.ts';
import type { PostShelf } from './posts.ts';

const PAGE = 10;

export class Feed {
  readonly list: PagedList<string>;
  private readonly shelf: PostShelf;
  private readonly waitingIds = signal<readonly string[]>([]);
  /** Ids that came live and are to be shown with a little movement. */
  readonly arrived = new Set<string>();
  private first: ShownFeed = { posts: [], position: null };

  constructor(client: Client, shelf: PostShelf) {
    this.shelf = shelf;
    this.list = new PagedList(
      async (cursor) => {
        const page = await client.feed({ cursor, limit: PAGE });
        if (cursor === null) this.first = page;
        const items = shelf.applyPage(page.posts);
        if (cursor === null) this.waitingIds.value = [];
        return { items, nextCursor: page.nextCursor };
      },
      (postId) => postId,
    );
  }

  /** Ids of posts that have come and are not shown yet. */
  get waiting(): ReadonlySignal<readonly string[]> {
    return this.waitingIds;
  }

  /** Reads the first page anew, and resolves to it. Rejects when that fails. */
  async read(): Promise<ShownFeed> {
    await this.list.reload();
    const phase = this.list.phase.value;
    if (phase.kind === 'failed') throw phase.problem;
    return this.first;
  }

  add(post: PostPageItem, atTop: boolean): void {
    if (this.list.items.value.includes(post.id) || this.waitingIds.value.includes(post.id)) return;
    if (atTop) this.insert([post.id]);
    else this.waitingIds.value = [post.id, ...this.waitingIds.value];
  }

  showWaiting(): void {
    const ids = this.waitingIds.value;
    this.waitingIds.value = [];
    this.insert(ids);
  }

  remove(postId: string): void {
    this.list.change((ids) => (ids.includes(postId) ? ids.filter((id) => id !== postId) : ids));
    this.waitingIds.value = this.waitingIds.value.filter((id) => id !== postId);
  }

  /** Posts of an author who is no longer followed leave the feed at once. */
  removeAuthor(userId: string): void {
    const stays = (id: string): boolean => this.shelf.signalOf(id).peek()?.userId !== userId;
    this.list.change((ids) => ids.filter(stays));
    this.waitingIds.value = this.waitingIds.value.filter(stays);
  }

  private insert(ids: readonly string[]): void {
    for (const id of ids) this.arrived.add(id);
    this.list.change((held) => [...new Set([...ids, ...held])].sort((a, b) => this.compare(a, b)));
  }

  /** Newest publication first; of the same moment, the higher id. */
  private compare(left: string, right: string): number {
    const a = this.publishedMs(left);
    const b = this.publishedMs(right);
    return a === b ? (left < right ? 1 : -1) : b - a;
  }

  private publishedMs(postId: string): number {
    const post = this.shelf.signalOf(postId).peek();
    return Date.parse(post?.publishedAt ?? post?.createdAt ?? '') || 0;
  }
}
