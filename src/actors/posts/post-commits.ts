/**
 * Changes of a post: the row and what is to follow from it in one batch, then the announcement. Runs in the author's
 * mailbox, so that publishing, editing and deleting a post never overlap. What must hold: once the batch is acknowledged
 * the change has happened; a failed announcement only means that fan-out, which is written down, brings it later.
 *
 * What is announced is what was written, beside the media rows that were read for it: phones do not wait for a second read.
 * Media that changed meanwhile are told of by the report that changed them, which waits in the same mailbox.
 */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { IdSource, PublishId, RevisionSource } from '../../ids.ts';
import { timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { type Activity, type Dispatch, type RecordedActivity, recordActivity } from '../../storage/activity.ts';
import {
  draftExpiry,
  keepCompleteDraft,
  listPost,
  type PostRecord,
  type PostRow,
  putPost,
  unlistPost,
} from '../../storage/repositories/posts.ts';
import type { Mutation, Store } from '../../storage/store.ts';
import type { AuthorDelivery } from '../fan-out/author-delivery.ts';
import type { LiveEvents } from '../live/live-events.ts';
import type { PostView } from '../views.ts';
import type { PostCache } from './post-cache.ts';
import { ownCopy } from './own-copy.ts';
import { mediaReady, type PostChange, postDeleted, postNew, postUpdated } from './post-events.ts';
import { isSettled } from './post-lifecycle.ts';
import type { PostReader } from './post-reader.ts';

export interface PostCommitParts {
  readonly store: Store;
  readonly ids: IdSource;
  readonly revisions: RevisionSource;
  readonly clock: Clock;
  readonly cache: PostCache;
  readonly reader: PostReader;
  readonly delivery: AuthorDelivery;
  readonly live: LiveEvents;
  readonly dispatch: Dispatch;
  readonly logger: Logger;
}

export class PostCommits {
  private readonly parts: PostCommitParts;

  constructor(parts: PostCommitParts) {
    this.parts = parts;
  }

  /** The draft goes live: its place in every list is stamped now, not when the upload began. */
  async publish({ post: draft, media }: PostRecord): Promise<void> {
    const delivery = await this.parts.delivery.choose(draft.authorId);
    const { row, publishId } = await this.writePublished({
      ...draft,
      state: 'live',
      delivery,
      version: draft.version + 1,
    });
    await this.announce({ post: row, media }, (view) => {
      const { postId, authorId } = row;
      const entry = { publishId, postId, authorId };
      this.parts.live.broadcast(authorId, postNew(view, timeOfId(publishId)), entry);
    });
  }

  /** No photo of the draft can be shown. */
  async fail(draft: PostRow, reason: string): Promise<void> {
    await this.write({ ...draft, state: 'failed', failureReason: reason, version: draft.version + 1 }, null);
  }

  /** Resolves to the record as it is now. */
  async edit(record: PostRecord, caption: string): Promise<PostRecord> {
    const { post, media } = record;
    const row = { ...post, caption, version: post.version + 1, editedAtMs: this.parts.clock.now() };
    const expiresAtMs = draftExpiry(record);
    if (expiresAtMs === undefined) return this.update({ post: row, media }, 'post.updated');
    const edited = { post: await this.write(row, null, { expiresAtMs }), media };
    // The last upload may have come since the record was read.
    await keepCompleteDraft(this.parts.store, post.postId);
    return edited;
  }

  /** The last rendition is there. */
  async complete({ post, media }: PostRecord): Promise<void> {
    await this.update({ post: { ...post, version: post.version + 1 }, media }, 'media.ready');
  }

  /** Final. What is kept of the row is what cleaning up needs: photos, publishId, delivery. */
  async remove(post: PostRow): Promise<void> {
    const { live, clock, ids } = this.parts;
    const { postId, publishId, authorId } = post;
    const version = post.version + 1;
    const change: PostChange = { kind: 'post.deleted', postId, publishId, authorId, version };
    const activity = recordActivity(ids, change, postId);
    const row: PostRow = { ...post, state: 'deleted', caption: '', version };
    await this.write(row, activity, {
      more: [ownCopy(change, activity.activityId), ...(publishId === null ? [] : [unlistPost(post, publishId)])],
      expiresAtMs: clock.now() + limits.outboxRetentionMs,
    });
    live.withdrawPost(postId);
    if (publishId !== null) live.broadcast(authorId, postDeleted(postId, version, timeOfId(activity.activityId)), null);
  }

  /**
   * Readers of the author's list begin `overlapMs` before their read: like an inbox row, a publication counts only when it
   * was acknowledged within `lateWriteMs` of its id. Else it is stamped again, and the place before is taken back.
   */
  private async writePublished(live: PostRow): Promise<{ row: PostRow; publishId: PublishId }> {
    const { ids, clock, logger } = this.parts;
    const { postId, authorId } = live;
    const withdrawn: Mutation[] = [];
    let cause: unknown;
    for (let attempt = 0; attempt < limits.lateWriteTries; attempt++) {
      const publishId = ids.next<PublishId>();
      const activity: Activity = { kind: 'post.published', postId, publishId, authorId };
      const recorded = recordActivity(ids, activity, postId);
      const stamped = { ...live, publishId };
      try {
        const row = await this.write(stamped, recorded, {
          more: [listPost(stamped, publishId), ...withdrawn],
          inTime: () => clock.now() - timeOfId(publishId) <= limits.lateWriteMs,
        });
        return { row, publishId };
      } catch (error) {
        logger.warn('publication not acknowledged in time; stamping it again', { postId, error });
        cause = error;
        withdrawn.push(unlistPost(stamped, publishId));
      }
    }
    throw new Problem('unavailable', { cause });
  }

  /** Resolves to the record as it is now. */
  private async update({ post, media }: PostRecord, event: 'post.updated' | 'media.ready'): Promise<PostRecord> {
    const { postId, authorId, version } = post;
    if (post.state !== 'live') return { post: await this.write(post, null), media };
    const change: PostChange = { kind: 'post.updated', postId, authorId, version, event };
    const activity = recordActivity(this.parts.ids, change, postId);
    const written = await this.write(post, activity, { more: [ownCopy(change, activity.activityId)] });
    const changed = { post: written, media };
    await this.announce(changed, (view) => {
      const atMs = timeOfId(activity.activityId);
      const news = event === 'media.ready' ? mediaReady(view, atMs) : postUpdated(view, version, atMs);
      this.parts.live.broadcast(authorId, news, null);
    });
    return changed;
  }

  /** Resolves to the row with the revision that it was given. */
  private async write(
    row: PostRow,
    activity: RecordedActivity | null,
    { more = [], expiresAtMs, inTime = () => true }: WriteExtras = {},
  ): Promise<PostRow> {
    const { store, revisions, cache, dispatch } = this.parts;
    revisions.observe(row.revision);
    const written = { ...row, revision: revisions.next() };
    try {
      await store.batch([putPost(written, expiresAtMs), ...more, ...(activity?.mutations ?? [])]);
    } finally {
      // Also when the outcome is unknown: the row may have changed.
      cache.invalidate(row.postId);
    }
    if (!inTime()) throw new Problem('timeout');
    if (activity !== null) dispatch(activity.entries);
    return written;
  }

  private async announce(record: PostRecord, tell: (view: PostView) => void): Promise<void> {
    const { cache, reader, logger } = this.parts;
    // Pages show it next. With media that still change it is read anew: their reports do not wait for this command.
    if (isSettled(record)) cache.keep(record);
    try {
      tell(await reader.view(record));
    } catch (error) {
      logger.warn('post not announced; fan-out will bring it', { postId: record.post.postId, error });
    }
  }
}

interface WriteExtras {
  readonly more?: readonly Mutation[];
  readonly expiresAtMs?: number;
  readonly inTime?: () => boolean;
}
