/**
 * The posts a client holds, whatever told it of them: pages, events, revalidation, in any order and any number of times.
 * Only a newer `version` replaces a post; deleted is final; counts and "liked by me" belong to the viewer's pages and
 * survive an event that knows nothing of them.
 */
import { clientLimits } from './limits.ts';
import type { PostPageItem, PostView, Revalidated, WireEvent } from './wire.ts';

export interface PostCounts {
  readonly likeCount?: number;
  readonly commentCount?: number;
}

export type PostChange =
  | { readonly kind: 'post'; readonly post: PostPageItem; readonly isNew: boolean }
  | { readonly kind: 'gone'; readonly postId: string };

export class Posts {
  private readonly held = new Map<string, PostPageItem>();
  private readonly gone = new Set<string>();

  get(postId: string): PostPageItem | null {
    return this.held.get(postId) ?? null;
  }

  isGone(postId: string): boolean {
    return this.gone.has(postId);
  }

  /** id → version, for revalidation. */
  versions(): Record<string, number> {
    return Object.fromEntries([...this.held.values()].map((post) => [post.id, post.version]));
  }

  /** Posts of a page or of revalidation: their counts are the newest known. Returns those that are to be shown, in order. */
  applyPage(posts: readonly PostPageItem[]): PostPageItem[] {
    const shown: PostPageItem[] = [];
    for (const post of posts) {
      if (this.gone.has(post.id)) continue;
      const before = this.held.get(post.id);
      const { likeCount, commentCount, likedByMe } = post;
      const kept = before !== undefined && before.version > post.version;
      const merged = kept ? { ...before, likeCount, commentCount, likedByMe } : post;
      this.held.set(post.id, merged);
      shown.push(merged);
    }
    return shown;
  }

  /** What revalidation changes here. Do it whenever `Live` has caught up. */
  applyRevalidated({ changed, gone }: Revalidated): PostChange[] {
    const newer = changed.filter((post) => (this.held.get(post.id)?.version ?? 0) < post.version);
    const shown = this.applyPage(newer).map((post): PostChange => ({ kind: 'post', post, isNew: false }));
    return [...shown, ...gone.flatMap((postId) => this.remove(postId) ?? [])];
  }

  /** What an event changes; null when it changes nothing here. */
  applyEvent(event: WireEvent): PostChange | null {
    switch (event.type) {
      case 'post.new':
      case 'post.updated':
      case 'media.ready':
      case 'media.failed':
        return isPost(event.data) ? this.applyPost(event.data) : null;
      case 'post.deleted': {
        const postId = deletedId(event.data);
        return postId === null ? null : this.remove(postId);
      }
      default:
        return null;
    }
  }

  applyPost(post: PostView): PostChange | null {
    if (this.gone.has(post.id)) return null;
    const before = this.held.get(post.id);
    if (before !== undefined && before.version >= post.version) return null;
    const personal = before ?? { likeCount: 0, commentCount: 0, likedByMe: false };
    const { likeCount, commentCount, likedByMe } = personal;
    const merged: PostPageItem = { ...post, likeCount, commentCount, likedByMe };
    this.held.set(post.id, merged);
    return { kind: 'post', post: merged, isNew: before === undefined };
  }

  /** Counts, and what the viewer did; null when the post is not held. */
  amend(postId: string, changes: PostCounts & { readonly likedByMe?: boolean }): PostPageItem | null {
    const before = this.held.get(postId);
    if (before === undefined) return null;
    const after = { ...before, ...changes };
    this.held.set(postId, after);
    return after;
  }

  remove(postId: string): PostChange | null {
    if (this.gone.has(postId)) return null;
    this.gone.add(postId);
    for (const oldest of this.gone) {
      if (this.gone.size <= clientLimits.deletedPosts) break;
      this.gone.delete(oldest);
    }
    this.held.delete(postId);
    return { kind: 'gone', postId };
  }

  /** Forgets posts that are shown nowhere any more; what was deleted stays deleted. */
  retain(keep: (postId: string) => boolean): void {
    for (const postId of this.held.keys()) if (!keep(postId)) this.held.delete(postId);
  }
}

function isPost(data: unknown): data is PostView {
  if (typeof data !== 'object' || data === null) return false;
  const { id, version, author, photos } = data as Partial<Record<keyof PostView, unknown>>;
  return typeof id === 'string' && typeof version === 'number' && typeof author === 'object' && Array.isArray(photos);
}

function deletedId(data: unknown): string | null {
  if (typeof data !== 'object' || data === null) return null;
  const { id, postId } = data as { id?: unknown; postId?: unknown };
  if (typeof postId === 'string') return postId;
  return typeof id === 'string' ? id : null;
}
