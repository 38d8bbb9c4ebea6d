/**
 * Likes and comments on posts the user can see. Commands run through the acting user's mailbox; what they change is
 * shown at once to who did it and to whoever watches the post, and recounted from the rows a moment later.
 */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { CommentId, IdSource, PostId, UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { EdgeState } from '../../storage/repositories/edge-batches.ts';
import type { Comments } from '../../storage/repositories/comments.ts';
import { postSubject } from '../../storage/repositories/counters.ts';
import type { Store } from '../../storage/store.ts';
import type { LiveCounts } from '../counts/live-counts.ts';
import { lastPostCounts, shownPostCounts } from '../counts/post-counts.ts';
import { once } from '../idempotency.ts';
import type { Mailboxes } from '../mailboxes.ts';
import type { PostAccess, PostRow } from '../posts/post-access.ts';
import type { Engagement, Idempotent, LiveTopics, PageRequest, Profiles } from '../services.ts';
import type { CommentView, Page } from '../views.ts';
import type { CommentCommands } from './comment-commands.ts';
import { commentPage, commentView } from './comment-pages.ts';
import { checkCommentText, judgeDeletion } from './comment-rules.ts';
import type { EngagementCounts, EngagementReader } from './engagement-reader.ts';
import type { LikeCommands } from './like-commands.ts';

export interface EngagementServiceDependencies {
  readonly store: Store;
  readonly access: PostAccess;
  readonly likeCommands: LikeCommands;
  readonly commentCommands: CommentCommands;
  readonly comments: Comments;
  readonly profiles: Pick<Profiles, 'summaries'>;
  readonly counts: LiveCounts;
  readonly topics: LiveTopics;
  readonly mailboxes: Mailboxes;
  readonly ids: IdSource;
  readonly clock: Pick<Clock, 'now'>;
}

export class EngagementService implements Engagement, EngagementReader {
  private readonly dependencies: EngagementServiceDependencies;

  constructor(dependencies: EngagementServiceDependencies) {
    this.dependencies = dependencies;
  }

  like(userId: UserId, postId: PostId): Promise<{ likeCount: number }> {
    return this.setLike(userId, postId, 'active');
  }

  unlike(userId: UserId, postId: PostId): Promise<{ likeCount: number }> {
    return this.setLike(userId, postId, 'gone');
  }

  async comment(
    userId: UserId,
    postId: PostId,
    input: { text: string; parentId: CommentId | null },
    idempotency: Idempotent,
  ): Promise<CommentView> {
    checkCommentText(input.text);
    const { store, mailboxes, ids } = this.dependencies;
    return mailboxes.run(userId, () =>
      once(store, {
        userId,
        operation: 'comment.create',
        key: idempotency.key,
        body: { postId, text: input.text, parentId: input.parentId },
        drawIds: () => [ids.next<CommentId>()],
        // The one id drawn above; kept as text in the claim.
        run: ([commentId]) => this.writeComment(userId, postId, { ...input, commentId: commentId as CommentId }),
      }),
    );
  }

  async deleteComment(userId: UserId, postId: PostId, commentId: CommentId): Promise<void> {
    const { mailboxes, commentCommands, topics } = this.dependencies;
    const deleted = await mailboxes.run(userId, async () => {
      const row = await commentCommands.read(postId, commentId);
      const verdict = judgeDeletion(row, userId, await this.authorIfVisible(userId, postId));
      if (verdict === 'forbidden' || verdict === 'not-found') throw new Problem(verdict);
      if (verdict === 'already-gone' || row === null) return false;
      await commentCommands.remove(row, userId);
      return true;
    });
    if (!deleted) return;
    topics.publish(postSubject(postId), 'comment.deleted', { id: commentId, postId });
    await this.publishCounts(postId);
  }

  async typing(userId: UserId, postId: PostId): Promise<void> {
    await this.livePost(userId, postId);
    const [user] = await this.dependencies.profiles.summaries([userId]);
    if (user) this.dependencies.topics.publish(postSubject(postId), 'typing', { user, postId });
  }

  async comments(viewerId: UserId | null, postId: PostId, page: PageRequest): Promise<Page<CommentView>> {
    // Another node's clock may be ahead of ours by less than this.
    const nowMs = this.dependencies.clock.now() + limits.overlapMs;
    // Read side by side; shown only if the post may be seen.
    const [, found] = await Promise.all([
      this.livePost(viewerId, postId),
      commentPage(this.dependencies, postId, page, nowMs),
    ]);
    return found;
  }

  counts(postIds: readonly PostId[]): Promise<EngagementCounts[]> {
    return shownPostCounts(this.dependencies.counts, postIds);
  }

  lastCounts(postIds: readonly PostId[]): EngagementCounts[] {
    return lastPostCounts(this.dependencies.counts, postIds);
  }

  likedBy(userId: UserId, postIds: readonly PostId[]): Promise<boolean[]> {
    return this.dependencies.likeCommands.likedBy(userId, postIds);
  }

  private async setLike(userId: UserId, postId: PostId, wanted: EdgeState): Promise<{ likeCount: number }> {
    const { mailboxes, likeCommands } = this.dependencies;
    const changed = await mailboxes.run(userId, async () =>
      likeCommands.set(userId, await this.livePost(userId, postId), wanted),
    );
    const { likeCount } = changed ? await this.publishCounts(postId) : await this.countsOf(postId);
    return { likeCount };
  }

  private async writeComment(
    userId: UserId,
    postId: PostId,
    input: { commentId: CommentId; text: string; parentId: CommentId | null },
  ): Promise<CommentView> {
    const { commentCommands, profiles, topics } = this.dependencies;
    const post = await this.livePost(userId, postId);
    const [author] = await profiles.summaries([userId]);
    if (author === null || author === undefined) throw new Problem('not-found');
    const { row, fresh } = await commentCommands.write(post, { ...input, authorId: userId });
    const view = commentView(row, author);
    if (fresh) {
      topics.publish(postSubject(postId), 'comment.new', view);
      await this.publishCounts(postId);
    }
    return view;
  }

  private async livePost(viewerId: UserId | null, postId: PostId): Promise<PostRow> {
    const post = await this.dependencies.access.visible(viewerId, postId);
    // Authors see their drafts, but there is nothing to like or discuss yet.
    if (post.state !== 'live') throw new Problem('not-found');
    return post;
  }

  /** Null for who may not see the post; they may still take back what they wrote there. */
  private async authorIfVisible(userId: UserId, postId: PostId): Promise<UserId | null> {
    try {
      return (await this.dependencies.access.visible(userId, postId)).authorId;
    } catch (error) {
      if (error instanceof Problem && error.code === 'not-found') return null;
      throw error;
    }
  }

  private async countsOf(postId: PostId): Promise<EngagementCounts> {
    const [counts] = await this.counts([postId]);
    return counts ?? { likeCount: 0, commentCount: 0 };
  }

  private async publishCounts(postId: PostId): Promise<EngagementCounts> {
    const counts = await this.countsOf(postId);
    this.dependencies.topics.publish(postSubject(postId), 'counts', counts);
    return counts;
  }
}
