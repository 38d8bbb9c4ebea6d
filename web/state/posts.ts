/** The posts this page holds, each as a signal: whoever shows one sees it change, wherever the news came from. */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { Posts, type PostChange } from '../../sdk/apply.ts';
import type { PostPageItem, WireEvent } from '../../sdk/wire.ts';

/** Null: the post is gone. */
export type PostSignal = ReadonlySignal<PostPageItem | null>;

export class PostShelf {
  private readonly posts = new Posts();
  private readonly signals = new Map<string, Signal<PostPageItem | null>>();

  /** Of a post that is, or was, held. */
  signalOf(postId: string): PostSignal {
    let held = this.signals.get(postId);
    if (held === undefined) {
      held = signal(this.posts.get(postId));
      this.signals.set(postId, held);
    }
    return held;
  }

  isGone(postId: string): boolean {
    return this.posts.isGone(postId);
  }

  versions(): Record<string, number> {
    return this.posts.versions();
  }

  /** Returns the ids of those to show, in order. */
  applyPage(posts: readonly PostPageItem[]): string[] {
    return this.posts.applyPage(posts).map((post) => {
      this.publish(post.id, post);
      return post.id;
    });
  }

  applyEvent(event: WireEvent): PostChange | null {
    const change = this.posts.applyEvent(event);
    if (change?.kind === 'post') this.publish(change.post.id, change.post);
    if (change?.kind === 'gone') this.publish(change.postId, null);
    return change;
  }

  amend(postId: string, changes: Partial<Pick<PostPageItem, 'likeCount' | 'commentCount' | 'likedByMe'>>): void {
    const after = this.posts.amend(postId, changes);
    if (after !== null) this.publish(postId, after);
  }

  remove(postId: string): void {
    this.posts.remove(postId);
    this.publish(postId, null);
  }

  /** Forgets what no list shows any more. */
  retain(keep: (postId: string) => boolean): void {
    this.posts.retain(keep);
    for (const postId of this.signals.keys()) if (!keep(postId)) this.signals.delete(postId);
  }

  private publish(postId: string, post: PostPageItem | null): void {
    const held = this.signals.get(postId);
    if (held === undefined) this.signals.set(postId, signal(post));
    else held.value = post;
  }
}
