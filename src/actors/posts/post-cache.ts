/**
 * Live posts with their media rows, as read from the store. Bounded, what was not used lately leaves first, one load per post
 * however many ask. What must hold: a record read before a change is never kept after `invalidate` or `keep`.
 */
import { limits } from '../../limits.ts';
import type { PostId } from '../../ids.ts';
import { inGroups } from '../../parallel.ts';
import type { PostRecord, PostRow, PostRows } from '../../storage/repositories/posts.ts';
import { BoundedCache } from '../bounded-cache.ts';
import { isSettled } from './post-lifecycle.ts';

type Load = Promise<PostRecord | null>;

/** Keys of one `getMany` that stay within its bound with every post at its most photos. */
const POSTS_PER_READ = 100;

export class PostCache {
  private readonly rows: PostRows;
  private readonly records: BoundedCache<PostId, PostRecord>;
  private readonly loads = new Map<PostId, Load>();

  constructor(rows: PostRows, entriesMax: number = limits.postCacheEntries) {
    this.rows = rows;
    this.records = new BoundedCache(entriesMax);
  }

  async one(postId: PostId): Promise<PostRecord | null> {
    const [record] = await this.many([postId]);
    return record ?? null;
  }

  /** In the order of `postIds`, null where there is no such post. */
  async many(postIds: readonly PostId[]): Promise<(PostRecord | null)[]> {
    const found: (PostRecord | null)[] = postIds.map((postId) => this.records.get(postId) ?? null);
    if (!found.includes(null)) return found as PostRecord[];
    const missing = new Set(postIds.filter((postId, index) => found[index] === null && !this.loads.has(postId)));
    for (const group of inGroups([...missing], POSTS_PER_READ)) this.load(group);
    return Promise.all(
      found.map((record, index): Load => {
        const load = record === null ? this.loads.get(postIds[index] as PostId) : undefined;
        return load ?? Promise.resolve(record);
      }),
    );
  }

  /** Without asking the store: null if it is not in memory. */
  known(postId: PostId): PostRecord | null {
    return this.records.get(postId) ?? null;
  }

  /**
   * The post as it is now, whatever is in memory: for those who change it, or tell of its change. Only media that were seen
   * in a state that they do not leave are taken from memory: their rows are the largest of all.
   */
  async fresh(postId: PostId): Promise<PostRecord | null> {
    const post = await this.rows.byId(postId);
    if (post === null) return null;
    const known = this.settled(post);
    if (known === null) return { post, media: await this.rows.mediaOf(post) };
    // The very record, if it is the same row: whoever has shown it need not do so again.
    return known.post.revision === post.revision ? known : { post, media: known.media };
  }

  /** Call it when a change of the post or of its media was acknowledged. */
  invalidate(postId: PostId): void {
    this.records.delete(postId);
    this.loads.delete(postId);
  }

  /** The record as it was just written, with media that will not change: nobody has to read it. */
  keep(record: PostRecord): void {
    this.loads.delete(record.post.postId);
    this.records.set(record.post.postId, record);
  }

  get size(): number {
    return this.records.size;
  }

  /** What is known of the post, if its media are these and will not change any more. */
  private settled({ postId, photos }: PostRow): PostRecord | null {
    const known = this.records.get(postId);
    if (known === undefined || !isSettled(known) || known.media.length !== photos.length) return null;
    const same = photos.every(({ mediaId }, index) => known.media[index]?.mediaId === mediaId);
    return same ? known : null;
  }

  private load(postIds: readonly PostId[]): void {
    const read = this.rows.records(postIds);
    for (const [index, postId] of postIds.entries()) {
      const load: Load = read.then(
        (records) => {
          const record = records[index] ?? null;
          if (this.loads.get(postId) !== load) return record;
          this.loads.delete(postId);
          // Drafts change with every upload, and nobody reads them often.
          if (record?.post.state === 'live') this.records.set(postId, record);
          return record;
        },
        (error: unknown) => {
          if (this.loads.get(postId) === load) this.loads.delete(postId);
          throw error;
        },
      );
      this.loads.set(postId, load);
    }
  }
}
