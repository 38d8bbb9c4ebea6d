/**
 * The consumer `photo-removal`: takes away the photos of a deleted post, and an avatar that another took the place of. It
 * decodes nothing, so every node does it, and none of it waits for photos that are being rendered.
 */
import { Problem } from '../errors.ts';
import type { MediaId, PostId, UserId } from '../ids.ts';
import type { OutboxEntry } from '../storage/activity.ts';
import { users } from '../storage/tables/accounts.ts';
import { posts } from '../storage/tables/posts.ts';
import { PhotoLifecycle, type PhotoLifecycleOptions } from './photo-lifecycle.ts';

export class PhotoRemoval {
  private readonly store: PhotoLifecycleOptions['store'];
  private readonly photos: PhotoLifecycle;

  constructor(options: PhotoLifecycleOptions) {
    this.store = options.store;
    this.photos = new PhotoLifecycle(options);
  }

  /** Resolves when all effects of the entry are acknowledged. Doing an entry again is fine. */
  async handle({ activity }: OutboxEntry): Promise<void> {
    if (activity.kind === 'post.deleted') await this.removePhotosOf(activity.postId);
    else if (activity.kind === 'user.updated') await this.removeAvatar(activity.userId, activity.replacedAvatarId);
  }

  private async removePhotosOf(postId: PostId): Promise<void> {
    const post = await this.store.get(posts, { postId });
    if (post === null) return;
    const rows = await this.photos.readMany(post.photos.map(({ mediaId }) => mediaId));
    await this.photos.removeAll(rows.filter((row) => row.postId === postId));
  }

  /** Not if it is the avatar again: then an entry of its own comes when it is replaced once more. */
  private async removeAvatar(userId: UserId, mediaId: MediaId | null): Promise<void> {
    if (mediaId === null) return;
    const row = await this.photos.read(mediaId);
    if (row === null || row.ownerId !== userId || row.postId !== null) return;
    const user = await this.store.get(users, { userId });
    if (user?.avatarMediaId === mediaId) return;
    // Whoever still makes renditions of it would write the row again, above ours.
    if (row.state === 'viewable') throw new Problem('unavailable', { detail: 'The picture is still being made.' });
    await this.photos.remove(row);
  }
}
