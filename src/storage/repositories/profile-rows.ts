/** User rows as profiles: read by id or by name, edited by their owner. Registration writes the first version. */
import type { MediaId, UserId } from '../../ids.ts';
import type { Store } from '../store.ts';
import type { RowOf } from '../table.ts';
import { claims, users } from '../tables/accounts.ts';
import { media } from '../tables/posts.ts';

export type UserRow = RowOf<typeof users>;
export type MediaRow = RowOf<typeof media>;

const KEYS_MAX = 1_000;

export class ProfileRows {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  read(userId: UserId): Promise<UserRow | null> {
    return this.store.get(users, { userId });
  }

  /** In the order of `userIds`. */
  async readMany(userIds: readonly UserId[]): Promise<(UserRow | null)[]> {
    const rows: (UserRow | null)[] = [];
    for (let start = 0; start < userIds.length; start += KEYS_MAX) {
      const keys = userIds.slice(start, start + KEYS_MAX).map((userId) => ({ userId }));
      rows.push(...(await this.store.getMany(users, keys)));
    }
    return rows;
  }

  /** Whoever holds the folded name. */
  async holderOfName(foldedName: string): Promise<UserId | null> {
    const claim = await this.store.get(claims, { kind: 'username', value: foldedName });
    return claim?.userId ?? null;
  }

  avatar(mediaId: MediaId): Promise<MediaRow | null> {
    return this.store.get(media, { mediaId });
  }

  /** In the order of `mediaIds`. */
  async avatars(mediaIds: readonly MediaId[]): Promise<(MediaRow | null)[]> {
    const rows: (MediaRow | null)[] = [];
    for (let start = 0; start < mediaIds.length; start += KEYS_MAX) {
      const keys = mediaIds.slice(start, start + KEYS_MAX).map((mediaId) => ({ mediaId }));
      rows.push(...(await this.store.getMany(media, keys)));
    }
    return rows;
  }
}
