/** Timeline rows: what a user's feed shows. Written again with the same key they are the same rows. */
import type { PostId, PublishId, UserId } from '../../ids.ts';
import { timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { inGroups } from '../../parallel.ts';
import { type Mutation, putRow, removeRow, type Store } from '../store.ts';
import { timeline } from '../tables/timeline.ts';

/** A post's place in a timeline. */
export interface TimelinePlace {
  readonly publishId: PublishId;
  readonly postId: PostId;
  readonly authorId: UserId;
}

const PAGE_ROWS = 500;

/** Kept by the age of the publication, so that rows merged later leave together with those that were there. */
export function putTimelineRow(userId: UserId, place: TimelinePlace): Mutation {
  const { publishId, postId, authorId } = place;
  const expiresAtMs = timeOfId(publishId) + limits.timelineRetentionMs;
  return putRow(timeline, { userId, publishId, postId, authorId }, { expiresAtMs });
}

export function removeTimelineRow(userId: UserId, publishId: PublishId): Mutation {
  return removeRow(timeline, { userId, publishId });
}

export class TimelineRows {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Newest first, published before `before` (null: from the newest). */
  async newest(userId: UserId, before: PublishId | null, limit: number): Promise<TimelinePlace[]> {
    return this.store.page(timeline, { userId }, { limit, ...(before === null ? {} : { after: [before] }) });
  }

  async add(userId: UserId, places: readonly TimelinePlace[]): Promise<void> {
    for (const group of inGroups(places, limits.storeWriteAllMutations)) {
      await this.store.writeAll(group.map((place) => putTimelineRow(userId, place)));
    }
  }

  /** Removes rows behind the newest `timelineEntries`, at most `timelineTrimRows` of them. Newer rows may come meanwhile. */
  async trim(userId: UserId): Promise<void> {
    const rows = await this.newest(userId, null, limits.timelineEntries + limits.timelineTrimRows);
    await this.remove(userId, rows.slice(limits.timelineEntries));
  }

  /** Removes every row of one author. */
  async removeAuthor(userId: UserId, authorId: UserId): Promise<void> {
    let before: PublishId | null = null;
    for (;;) {
      const rows: TimelinePlace[] = await this.newest(userId, before, PAGE_ROWS);
      const theirs = rows.filter((row) => row.authorId === authorId);
      await this.remove(userId, theirs);
      before = rows.at(-1)?.publishId ?? null;
      if (rows.length < PAGE_ROWS || before === null) return;
    }
  }

  private async remove(userId: UserId, rows: readonly TimelinePlace[]): Promise<void> {
    for (const group of inGroups(rows, limits.storeWriteAllMutations)) {
      await this.store.writeAll(group.map((row) => removeTimelineRow(userId, row.publishId)));
    }
  }
}
