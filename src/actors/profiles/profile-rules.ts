/** Pure: what an edit of a profile comes to, and which pictures may stand on it. */
import { assertNever } from '../../assert-never.ts';
import type { ErrorCode } from '../../errors.ts';
import type { MediaId, UserId } from '../../ids.ts';
import type { MediaRow, UserRow } from '../../storage/repositories/profile-rows.ts';

export interface ProfileChanges {
  readonly displayName?: string;
  readonly bio?: string;
  readonly avatarMediaId?: MediaId | null;
}

/** The row with the changes, or null when they change nothing: then nothing is written. */
export function editedProfile(row: UserRow, changes: ProfileChanges): Omit<UserRow, 'revision'> | null {
  const edited = {
    ...row,
    displayName: changes.displayName ?? row.displayName,
    bio: changes.bio ?? row.bio,
    avatarMediaId: changes.avatarMediaId === undefined ? row.avatarMediaId : changes.avatarMediaId,
  };
  const same =
    edited.displayName === row.displayName && edited.bio === row.bio && edited.avatarMediaId === row.avatarMediaId;
  return same ? null : edited;
}

/** Why the picture may not become this user's avatar, or null if it may. */
export function avatarRefusal(medium: MediaRow | null, userId: UserId): ErrorCode | null {
  // Another's picture, and one made for a post, look like one that is not there.
  if (medium === null || medium.ownerId !== userId || medium.postId !== null) return 'not-found';
  switch (medium.state) {
    case 'viewable':
    case 'ready':
      return null;
    case 'pending':
    case 'uploaded':
      return 'upload-incomplete';
    case 'failed':
      return 'media-rejected';
    case 'gone':
      return 'not-found';
    default:
      return assertNever(medium.state);
  }
}

/** Shown pictures only: an avatar that was taken away or failed shows as none. */
export function showsAvatar(medium: MediaRow | null, userId: UserId): medium is MediaRow {
  return avatarRefusal(medium, userId) === null;
}
