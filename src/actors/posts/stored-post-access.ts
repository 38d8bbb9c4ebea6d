/** Who may see a post, answered from the cache of posts. */
import { Problem } from '../../errors.ts';
import type { PostId, UserId } from '../../ids.ts';
import type { PostRecord } from '../../storage/repositories/posts.ts';
import type { PostAccess, PostRow } from './post-access.ts';
import type { PostCache } from './post-cache.ts';
import { maySee } from './post-rules.ts';

export class StoredPostAccess implements PostAccess {
  private readonly cache: PostCache;

  constructor(cache: PostCache) {
    this.cache = cache;
  }

  async visible(viewerId: UserId | null, postId: PostId): Promise<PostRow> {
    return (await this.record(viewerId, postId)).post;
  }

  /** The same with its media rows. */
  async record(viewerId: UserId | null, postId: PostId): Promise<PostRecord> {
    const record = await this.cache.one(postId);
    if (record === null || !maySee(viewerId, record.post)) throw new Problem('not-found');
    return record;
  }
}
