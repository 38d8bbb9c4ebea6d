/** Rows → what clients are shown. Pure. Nothing personal is in a post view: it is shared between all viewers. */
import { timeOfId } from '../../ids.ts';
import type { MediaRow, PostRecord } from '../../storage/repositories/posts.ts';
import type { PostPhoto } from '../../storage/tables/posts.ts';
import type { EngagementCounts } from '../engagement/engagement-reader.ts';
import type { ImageSource, PhotoView, PostPageItem, PostView, UserSummary } from '../views.ts';

/** A medium as clients see it: `mediaView` of the media room, with the address of this server. */
export type PhotoPresenter = (medium: MediaRow, altText: string) => PhotoView;

export function presentPost(record: PostRecord, author: UserSummary, presentPhoto: PhotoPresenter): PostView {
  const { post } = record;
  const photos = post.photos.map((photo, index) => {
    const medium = record.media[index] ?? null;
    return medium === null ? missingPhoto(photo) : presentPhoto(medium, photo.altText);
  });
  return {
    id: post.postId,
    userId: post.authorId,
    author,
    caption: post.caption,
    mediaUrl: widestJpeg(photos.find((photo) => photo.sources.length > 0)?.sources ?? []),
    photos,
    uploadStatus: uploadStatusOf(photos),
    createdAt: isoTime(post.createdAtMs),
    publishedAt: post.publishId === null ? null : isoTime(timeOfId(post.publishId)),
    editedAt: post.editedAtMs === null ? null : isoTime(post.editedAtMs),
    version: post.version,
  };
}

export function presentItem(view: PostView, counts: EngagementCounts, likedByMe: boolean): PostPageItem {
  return { ...view, likeCount: counts.likeCount, commentCount: counts.commentCount, likedByMe };
}

/** The row of a medium is written with its post; without it there is nothing to show. */
function missingPhoto({ mediaId, altText }: PostPhoto): PhotoView {
  const unknown = { failureReason: null, width: 0, height: 0, thumbHash: '', dominantColor: '', sources: [] };
  return { mediaId, altText, status: 'failed', ...unknown };
}

function widestJpeg(sources: readonly ImageSource[]): string | null {
  const jpegs = sources.filter((source) => source.format === 'jpeg');
  return jpegs.toSorted((left, right) => right.width - left.width)[0]?.url ?? null;
}

/** The worst-placed photo decides, except that photos which failed are left out as long as another did not. */
function uploadStatusOf(photos: readonly PhotoView[]): PostView['uploadStatus'] {
  const statuses = photos.map((photo) => photo.status).filter((status) => status !== 'failed');
  if (statuses.length === 0) return 'failed';
  if (statuses.includes('pending')) return 'pending';
  return statuses.includes('processing') ? 'processing' : 'complete';
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
