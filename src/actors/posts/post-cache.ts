/**
 * Live posts with their media rows, as read from the store. Bounded, least recently used leaves first, one load per post
 * however many ask. What must hold: a record read before a change is never kept after `invalidate`.
 */
import { limits } from '../../limits.ts';
import type { PostId } from '../../ids.ts';
import { inGroups } from '../../parallel.ts';
import type { PostRecord, PostRows } from '../../storage/repositories/posts.ts';

type Load = Promise<PostRecord | null>;

/** Keys of one `getMany` that stay within its bound with every post at its most photos. */
const POSTS_PER_READ = 100;

export class PostCache {
  private readonly rows: PostRows;
  private readonly entriesMax: number;
  private readonly records = new Map<PostId, PostRecord>();
  private readonly loads = new Map<PostId, Load>();

  constructor(rows: PostRows, entriesMax: number = limits.postCacheEntries) {
    this.rows = rows;
    this.entriesMax = entriesMax;
  }

  async one(postId: PostId): Promise<PostRecord | null> {
    const [record] = await this.many([postId]);
    return record ?? null;
  }

  /** In the order of `postIds`, null where there is no such post. */
  async many(postIds: readonly PostId[]): Promise<(PostRecord | null)[]> {
    const missing = [...new Set(postIds)].filter((postId) => !this.records.has(postId) && !this.loads.has(postId));
    for (const group of inGroups(missing, POSTS_PER_READ)) this.load(group);
    return Promise.all(
      postIds.map((postId): Load => {
        const record = this.records.get(postId);
        if (record === undefined) return this.loads.get(postId) ?? Promise.resolve(null);
        this.keep(postId, record);
        return Promise.resolve(record);
      }),
    );
  }

  /** Call it when a change of the post or of its media was acknowledged. */
  invalidate(postId: PostId): void {
    this.records.delete(postId);
    this.loads.delete(postId);
  }

  get size(): number {
    return this.records.size;
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
          if (record?.post.state === 'live') this.keep(postId, record);
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

  private keep(postId: PostId, record: PostRecord): void {
    this.records.delete(postId);
    this.records.set(postId, record);
    if (this.records.size <= this.entriesMax) return;
    for (const oldest of this.records.keys()) {
      this.records.delete(oldest);
      return;
    }
  }
}
