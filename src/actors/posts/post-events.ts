/** The log events of posts. Pure: the live, the caught-up and the repeated copy of an event have the same id. */
import type { EventId, MediaId, PostId } from '../../ids.ts';
import { eventId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Activity } from '../../storage/activity.ts';
import type { EventType, LogEvent } from '../event.ts';
import type { PhotoView, PostView } from '../views.ts';

export function postNew(view: PostView, atMs: number): LogEvent {
  return { id: eventId('post.new', view.id), type: 'post.new', atMs, dataJson: encodePost(view) };
}

export function postUpdated(view: PostView, version: number, atMs: number): LogEvent {
  return { id: updatedId(view.id, version), type: 'post.updated', atMs, dataJson: encodePost(view) };
}

/** Once in the life of a post, however often its media are reported ready. */
export function mediaReady(view: PostView, atMs: number): LogEvent {
  return { id: eventId('media.ready', view.id), type: 'media.ready', atMs, dataJson: encodePost(view) };
}

/** What happens to a post once it is there. */
export type PostChange = Extract<Activity, { kind: 'post.updated' | 'post.deleted' }>;

/** A change as an inbox holds it: the name of its event, and what `sync` needs to show it. */
export interface PostNotice {
  readonly eventId: EventId;
  readonly type: EventType;
  readonly atMs: number;
  readonly references: Readonly<Record<string, string>>;
}

export function noticeOf(change: PostChange, atMs: number): PostNotice {
  const { postId, version } = change;
  const type = change.kind === 'post.deleted' ? change.kind : change.event;
  const named = type === 'post.updated' ? updatedId(postId, version) : eventId(type, postId);
  return { eventId: named, type, atMs, references: { postId, version: String(version) } };
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

function updatedId(postId: PostId, version: number): EventId {
  return eventId('post.updated', `${postId}:${version}`);
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
