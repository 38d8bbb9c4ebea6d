/** Profiles: read by anyone, edited by their owner through the owner's mailbox. */
import { Problem } from '../../errors.ts';
import type { IdSource, MediaId, RevisionSource, UserId } from '../../ids.ts';
import type { Uploads, UploadSlot } from '../../media/uploads.ts';
import { type Dispatch, recordActivity } from '../../storage/activity.ts';
import type { ProfileRows, UserRow } from '../../storage/repositories/profile-rows.ts';
import { putRow, type Store } from '../../storage/store.ts';
import { users } from '../../storage/tables/accounts.ts';
import { countKey } from '../counts/count-targets.ts';
import type { LiveCounts } from '../counts/live-counts.ts';
import type { Mailboxes } from '../mailboxes.ts';
import type { Profiles } from '../services.ts';
import type { ProfileView, UserSummary } from '../views.ts';
import { avatarRefusal, editedProfile, type ProfileChanges } from './profile-rules.ts';
import type { SummaryCache } from './summary-cache.ts';

export interface ProfileServiceDependencies {
  readonly store: Store;
  readonly rows: ProfileRows;
  readonly summaries: SummaryCache;
  readonly follows: (followerId: UserId, followedIds: readonly UserId[]) => Promise<boolean[]>;
  readonly counts: LiveCounts;
  readonly uploads: Pick<Uploads, 'plan'>;
  readonly mailboxes: Mailboxes;
  readonly ids: IdSource;
  readonly revisions: RevisionSource;
  readonly dispatch: Dispatch;
  /** A user name as it is claimed: the same as at registration. */
  readonly foldName: (username: string) => string;
}

export class ProfileService implements Profiles {
  private readonly dependencies: ProfileServiceDependencies;

  constructor(dependencies: ProfileServiceDependencies) {
    this.dependencies = dependencies;
  }

  async byId(viewerId: UserId | null, userId: UserId): Promise<ProfileView> {
    return this.view(viewerId, await this.activeRow(userId));
  }

  async byUsername(viewerId: UserId | null, username: string): Promise<ProfileView> {
    const { rows, foldName } = this.dependencies;
    const userId = await rows.holderOfName(foldName(username));
    if (userId === null) throw new Problem('not-found');
    return this.byId(viewerId, userId);
  }

  async avatarUpload(userId: UserId, contentType: string): Promise<UploadSlot> {
    const { store, uploads, ids } = this.dependencies;
    await this.activeRow(userId);
    const mediaId = ids.next<MediaId>();
    const planned = await uploads.plan({ mediaId, ownerId: userId, postId: null, contentType });
    await store.batch(planned.mutations);
    return planned.slot;
  }

  edit(userId: UserId, changes: ProfileChanges): Promise<ProfileView> {
    return this.dependencies.mailboxes.run(userId, () => this.editNow(userId, changes));
  }

  summaries(userIds: readonly UserId[]): Promise<(UserSummary | null)[]> {
    return this.dependencies.summaries.read(userIds);
  }

  private async editNow(userId: UserId, changes: ProfileChanges): Promise<ProfileView> {
    const { store, rows, summaries, ids, revisions, dispatch } = this.dependencies;
    if (changes.avatarMediaId !== undefined && changes.avatarMediaId !== null) {
      const refusal = avatarRefusal(await rows.avatar(changes.avatarMediaId), userId);
      if (refusal !== null) throw new Problem(refusal, { fields: [{ field: 'avatarMediaId', reason: refusal }] });
    }
    const row = await this.activeRow(userId);
    const edited = editedProfile(row, changes);
    if (edited === null) return this.view(userId, row);
    revisions.observe(row.revision);
    const next: UserRow = { ...edited, revision: revisions.next() };
    const replacedAvatarId = edited.avatarMediaId === row.avatarMediaId ? null : row.avatarMediaId;
    const recorded = recordActivity(ids, { kind: 'user.updated', userId, replacedAvatarId }, userId);
    try {
      await store.batch([putRow(users, next), ...recorded.mutations]);
    } finally {
      // Also after a failure, because its outcome is unknown.
      summaries.invalidate(userId);
    }
    dispatch(recorded.entries);
    return this.view(userId, next);
  }

  private async activeRow(userId: UserId): Promise<UserRow> {
    const row = await this.dependencies.rows.read(userId);
    if (row === null || row.state !== 'active') throw new Problem('not-found');
    return row;
  }

  private async view(viewerId: UserId | null, row: UserRow): Promise<ProfileView> {
    const { counts, summaries, follows } = this.dependencies;
    const { userId } = row;
    const [[summary], values, followed] = await Promise.all([
      summaries.present([row]),
      counts.read([
        countKey({ name: 'followers', userId }),
        countKey({ name: 'following', userId }),
        countKey({ name: 'posts', userId }),
      ]),
      viewerId === null ? null : follows(viewerId, [userId]),
    ]);
    if (summary === undefined) throw new Problem('not-found');
    const [followerCount = 0, followingCount = 0, postCount = 0] = values;
    return {
      ...summary,
      bio: row.bio,
      createdAt: new Date(row.createdAtMs).toISOString(),
      followerCount,
      followingCount,
      postCount,
      ...(followed === null ? {} : { followedByMe: followed[0] === true }),
    };
  }
}
