/** The log events of posts. Pure: the live, the caught-up and the repeated copy of an event have the same id. */
import type { MediaId, PostId } from '../../ids.ts';
import { eventId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { LogEvent } from '../event.ts';
import type { PhotoView, PostView } from '../views.ts';

export function postNew(view: PostView, atMs: number): LogEvent {
  return { id: eventId('post.new', view.id), type: 'post.new', atMs, dataJson: encodePost(view) };
}

export function postUpdated(view: PostView, version: number, atMs: number): LogEvent {
  return {
    id: eventId('post.updated', `${view.id}:${version}`),
    type: 'post.updated',
    atMs,
    dataJson: encodePost(view),
  };
}

/** Once in the life of a post, however often its media are reported ready. */
export function mediaReady(view: PostView, atMs: number): LogEvent {
  return { id: eventId('media.ready', view.id), type: 'media.ready', atMs, dataJson: encodePost(view) };
}

export function postDeleted(postId: PostId, version: number, atMs: number): LogEvent {
  return {
    id: eventId('post.deleted', postId),
    type: 'post.deleted',
    atMs,
    dataJson: JSON.stringify({ id: postId, version }),
  };
}

export function mediaFailed(postId: PostId, mediaId: MediaId, reason: string, atMs: number): LogEvent {
  return {
    id: eventId('media.failed', mediaId),
    type: 'media.failed',
    atMs,
    dataJson: JSON.stringify({ postId, mediaId, reason }),
  };
}

/**
 * The view as JSON that fits an event of `eventBytesMax`. A post of many photos may be larger: then the addresses of the last photos are
 * left out, and if need be the texts for the blind; a client reads the post to get them.
 */
export function encodePost(view: PostView): string {
  const bytesMax = limits.eventBytesMax - limits.eventEnvelopeBytes;
  let photos: readonly PhotoView[] = view.photos;
  for (let kept = photos.length - 1; ; kept--) {
    const json = JSON.stringify({ ...view, photos });
    if (Buffer.byteLength(json) <= bytesMax || kept < 0) return json;
    photos = photos.map((photo, index) => (index === kept ? { ...photo, sources: [], altText: '' } : photo));
  }
}
