/**
 * What becomes of a post as its photos are processed. Each report is judged anew from the rows, in the author's mailbox,
 * so reports may come twice, late or in any order. Media that belong to no post (avatars) are not looked at here.
 */
import type { Clock } from '../../clock.ts';
import { limits } from '../../limits.ts';
import type { MediaId, PostId, UserId } from '../../ids.ts';
import type { MediaOutcome } from '../../media/media-outcome.ts';
import type { PostRecord, PostRows } from '../../storage/repositories/posts.ts';
import { BoundedCache } from '../bounded-cache.ts';
import type { InboxWriter } from '../feed/inbox-writer.ts';
import type { Mailboxes } from '../mailboxes.ts';
import type { PostCache } from './post-cache.ts';
import type { PostCommits } from './post-commits.ts';
import { mediaFailed } from './post-events.ts';
import { isSettled, judgeDraft } from './post-lifecycle.ts';

export interface PostMediaOutcomeParts {
  readonly rows: PostRows;
  readonly cache: PostCache;
  readonly commits: PostCommits;
  readonly inbox: InboxWriter;
  readonly mailboxes: Mailboxes;
  readonly clock: Clock;
}

export class PostMediaOutcome implements MediaOutcome {
  private readonly parts: PostMediaOutcomeParts;
  /** Told of already. Photos that were finished at the same moment all find their post complete. */
  private readonly completed = new BoundedCache<PostId, true>(limits.completedPostsRemembered);

  constructor(parts: PostMediaOutcomeParts) {
    this.parts = parts;
  }

  async viewable(mediaId: MediaId): Promise<void> {
    await this.withPost(mediaId, async ({ postId }) => {
      await this.settleDraft(postId);
    });
  }

  async ready(mediaId: MediaId): Promise<void> {
    await this.withPost(mediaId, ({ postId }) => this.settle(postId));
  }

  async failed(mediaId: MediaId, reason: string): Promise<void> {
    const { inbox, clock } = this.parts;
    await this.withPost(mediaId, async ({ postId, ownerId }) => {
      await this.settle(postId);
      // The author is told after the post has changed: who reads it on this news sees what it says.
      const event = mediaFailed(postId, mediaId, reason, clock.now());
      await inbox.append(ownerId, { event, references: { postId, mediaId, reason }, entry: null });
    });
  }

  /** A draft's photos were judged, or a live post's last one has come. */
  private async settle(postId: PostId): Promise<void> {
    const record = await this.settleDraft(postId);
    if (record?.post.state !== 'live' || !isSettled(record) || this.completed.get(postId)) return;
    await this.parts.commits.complete(record);
    this.completed.set(postId, true);
  }

  /** Resolves to the record as it was, or null if there is nothing more to do about it. */
  private async settleDraft(postId: PostId): Promise<PostRecord | null> {
    const { rows, commits } = this.parts;
    const record = await rows.record(postId);
    if (record === null) return null;
    const verdict = judgeDraft(record);
    if (verdict.kind === 'wait') return record;
    if (verdict.kind === 'publish') await commits.publish(record);
    else await commits.fail(record.post, verdict.reason);
    return null;
  }

  private async withPost(
    mediaId: MediaId,
    task: (medium: { postId: PostId; ownerId: UserId }) => Promise<void>,
  ): Promise<void> {
    const { rows, cache, mailboxes } = this.parts;
    const medium = await rows.medium(mediaId);
    if (medium === null || medium.postId === null) return;
    const { postId, ownerId } = medium;
    // The media row has changed, and with it what the post shows.
    cache.invalidate(postId);
    await mailboxes.run(ownerId, () => task({ postId, ownerId }));
  }
}
