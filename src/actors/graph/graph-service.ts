/**
 * Following. The order of a follow is what makes it gap-free: interest first (what is published from now on arrives),
 * then both edges and the activity in one batch, then the author's recent posts are merged, then the reply.
 */
import { Problem } from '../../errors.ts';
import { type IdSource, type RevisionSource, timeOfId, type UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { type Activity, type Dispatch, recordActivity } from '../../storage/activity.ts';
import { type EdgeState, followMutations } from '../../storage/repositories/edge-batches.ts';
import type { ProfileRows } from '../../storage/repositories/profile-rows.ts';
import type { FollowRow, StoredFollowEdges } from '../../storage/repositories/stored-follow-edges.ts';
import type { Store } from '../../storage/store.ts';
import { countKey } from '../counts/count-targets.ts';
import type { LiveCounts } from '../counts/live-counts.ts';
import { changesEdge } from '../edges/edge-rules.ts';
import type { TimelineMerger } from '../feed/timeline-merger.ts';
import type { LiveEvents } from '../live/live-events.ts';
import type { Mailboxes } from '../mailboxes.ts';
import type { Graph, PageRequest, Profiles } from '../services.ts';
import type { Page, UserSummary } from '../views.ts';
import { followedPage, followerPage } from './follow-pages.ts';

export interface GraphServiceDependencies {
  readonly store: Store;
  readonly edges: StoredFollowEdges;
  readonly users: ProfileRows;
  readonly profiles: Pick<Profiles, 'summaries'>;
  readonly counts: LiveCounts;
  readonly live: Pick<LiveEvents, 'setInterest'>;
  readonly timelines: TimelineMerger;
  readonly mailboxes: Mailboxes;
  readonly ids: IdSource;
  readonly revisions: RevisionSource;
  readonly dispatch: Dispatch;
}

export class GraphService implements Graph {
  private readonly dependencies: GraphServiceDependencies;

  constructor(dependencies: GraphServiceDependencies) {
    this.dependencies = dependencies;
  }

  async follow(followerId: UserId, followedId: UserId): Promise<void> {
    if (followerId === followedId) throw new Problem('invalid-request', { detail: 'You cannot follow yourself.' });
    await this.dependencies.mailboxes.run(followerId, () => this.followNow(followerId, followedId));
  }

  async unfollow(followerId: UserId, followedId: UserId): Promise<void> {
    await this.dependencies.mailboxes.run(followerId, () => this.unfollowNow(followerId, followedId));
  }

  async followers(_viewerId: UserId | null, userId: UserId, page: PageRequest): Promise<Page<UserSummary>> {
    const [, found] = await Promise.all([
      this.requireUser(userId),
      followerPage(this.dependencies.edges, userId, page),
    ]);
    return this.withSummaries(found);
  }

  async following(_viewerId: UserId | null, userId: UserId, page: PageRequest): Promise<Page<UserSummary>> {
    const [, found] = await Promise.all([
      this.requireUser(userId),
      followedPage(this.dependencies.edges, userId, page),
    ]);
    return this.withSummaries(found);
  }

  private async followNow(followerId: UserId, followedId: UserId): Promise<void> {
    const { edges, live, timelines } = this.dependencies;
    await this.requireUser(followedId);
    const edge = await edges.edge(followerId, followedId);
    const changes = changesEdge(edge, 'active');
    if (changes && (await edges.countFollowed(followerId)) >= limits.followingMax) {
      throw new Problem('forbidden', {
        detail: `You follow ${limits.followingMax} people, and nobody can follow more. Unfollow someone first.`,
      });
    }
    live.setInterest(followerId, followedId, true);
    if (changes) {
      try {
        await this.commit(edge, { kind: 'follow.created', followerId, followedId });
      } catch (error) {
        await this.restoreInterest(followerId, followedId);
        throw error;
      }
    }
    // Also when the edge was there: an earlier call may have died between its commit and its merge.
    await timelines.mergeAuthor(followerId, followedId);
  }

  private async unfollowNow(followerId: UserId, followedId: UserId): Promise<void> {
    const { edges, live } = this.dependencies;
    const edge = await edges.edge(followerId, followedId);
    if (changesEdge(edge, 'gone')) await this.commit(edge, { kind: 'follow.removed', followerId, followedId });
    live.setInterest(followerId, followedId, false);
  }

  private async commit(
    edge: FollowRow | null,
    activity: Extract<Activity, { kind: 'follow.created' | 'follow.removed' }>,
  ): Promise<void> {
    const { store, ids, revisions, counts, dispatch } = this.dependencies;
    const { followerId, followedId } = activity;
    const state: EdgeState = activity.kind === 'follow.created' ? 'active' : 'gone';
    const recorded = recordActivity(ids, activity, followedId);
    if (edge !== null) revisions.observe(edge.revision);
    const change = { state, atMs: timeOfId(recorded.activityId), revision: revisions.next() };
    await store.batch([...followMutations(followerId, followedId, change), ...recorded.mutations]);
    dispatch(recorded.entries);
    const delta = state === 'active' ? 1 : -1;
    await Promise.all([
      counts.change(countKey({ name: 'followers', userId: followedId }), delta),
      counts.change(countKey({ name: 'following', userId: followerId }), delta),
    ]);
  }

  /** After a commit whose outcome is unknown: interest follows the edge as it stands, and stays if that cannot be read. */
  private async restoreInterest(followerId: UserId, followedId: UserId): Promise<void> {
    const { edges, live } = this.dependencies;
    const flags = await edges.follows(followerId, [followedId]).catch(() => [true]);
    if (flags[0] === false) live.setInterest(followerId, followedId, false);
  }

  private async requireUser(userId: UserId): Promise<void> {
    const row = await this.dependencies.users.read(userId);
    if (row === null || row.state !== 'active') throw new Problem('not-found');
  }

  private async withSummaries(page: Page<UserId>): Promise<Page<UserSummary>> {
    const summaries = await this.dependencies.profiles.summaries(page.items);
    return { items: summaries.filter((summary) => summary !== null), nextCursor: page.nextCursor };
  }
}
