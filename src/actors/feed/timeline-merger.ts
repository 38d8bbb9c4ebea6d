/** Brings an author's recent posts into a new follower's timeline, durable and hot. */
import type { UserId } from '../../ids.ts';

export interface TimelineMerger {
  /** Idempotent. Call it after both edges are acknowledged and interest is registered. */
  mergeAuthor(userId: UserId, authorId: UserId): Promise<void>;
}
