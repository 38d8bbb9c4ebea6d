/** Likes answer at once and are sent behind; of quick changes of mind only the last counts. */
import type { Client } from '../../sdk/client.ts';
import type { PostShelf } from './posts.ts';
import type { Toasts } from './toasts.ts';

export class Likes {
  private readonly client: Client;
  private readonly shelf: PostShelf;
  private readonly toasts: Toasts;
  /** What is wanted of posts that are being told to the server. */
  private readonly wanted = new Map<string, boolean>();

  constructor(client: Client, shelf: PostShelf, toasts: Toasts) {
    this.client = client;
    this.shelf = shelf;
    this.toasts = toasts;
  }

  set(postId: string, liked: boolean): void {
    const post = this.shelf.signalOf(postId).peek();
    if (post === null || post.likedByMe === liked) return;
    this.shelf.amend(postId, { likedByMe: liked, likeCount: Math.max(0, post.likeCount + (liked ? 1 : -1)) });
    const busy = this.wanted.has(postId);
    this.wanted.set(postId, liked);
    if (!busy) void this.send(postId);
  }

  private async send(postId: string): Promise<void> {
    try {
      for (;;) {
        const liked = this.wanted.get(postId) ?? false;
        const { likeCount } = await (liked ? this.client.like(postId) : this.client.unlike(postId));
        if (this.wanted.get(postId) !== liked) continue;
        this.shelf.amend(postId, { likedByMe: liked, likeCount });
        return;
      }
    } catch (error) {
      const liked = this.wanted.get(postId) ?? false;
      const post = this.shelf.signalOf(postId).peek();
      if (post !== null) {
        this.shelf.amend(postId, { likedByMe: !liked, likeCount: Math.max(0, post.likeCount + (liked ? -1 : 1)) });
      }
      this.toasts.error(error, () => this.set(postId, liked));
    } finally {
      this.wanted.delete(postId);
    }
  }
}
