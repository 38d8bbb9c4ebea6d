/** What followers are told of an activity, read fresh; null when there is nothing to tell any more. */
import { Problem } from '../../errors.ts';
import { timeOfId } from '../../ids.ts';
import type { FannedOut } from '../../storage/activity.ts';
import type { LogEvent } from '../event.ts';
import type { TimelineEntry } from '../live/live-events.ts';
import { mediaReady, noticeOf, postDeleted, postNew, postUpdated } from '../posts/post-events.ts';
import type { PostCache } from '../posts/post-cache.ts';
import type { PostReader } from '../posts/post-reader.ts';
import { isListedAt } from '../posts/post-rules.ts';

export interface News {
  readonly event: LogEvent;
  readonly references: Readonly<Record<string, string>>;
  readonly entry: TimelineEntry | null;
}

export class PostNews {
  private readonly cache: PostCache;
  private readonly reader: PostReader;

  constructor(cache: PostCache, reader: PostReader) {
    this.cache = cache;
    this.reader = reader;
  }

  /** `atMs`: when the activity was recorded. Rejects as `unavailable` while the change cannot be seen yet. */
  async of(activity: FannedOut, atMs: number): Promise<News | null> {
    const { postId, authorId } = activity;
    if (activity.kind === 'post.deleted') {
      const { references } = noticeOf(activity, atMs);
      return { event: postDeleted(postId, activity.version, atMs), references, entry: null };
    }
    const record = await this.cache.fresh(postId);
    if (record?.post.state !== 'live') return null;
    // Where a batch becomes visible row by row, its work may be found before its change.
    if (activity.kind === 'post.updated' && record.post.version < activity.version) throw new Problem('unavailable');
    if (activity.kind === 'post.published') {
      const { publishId } = activity;
      if (!isListedAt(record.post, publishId)) return null;
      const event = postNew(await this.reader.view(record), timeOfId(publishId));
      return { event, references: { postId }, entry: { publishId, postId, authorId } };
    }
    const view = await this.reader.view(record);
    const event = activity.event === 'media.ready' ? mediaReady(view, atMs) : postUpdated(view, activity.version, atMs);
    return { event, references: noticeOf(activity, atMs).references, entry: null };
  }
}
