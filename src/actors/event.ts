/** Log events: what a device sees once, in order. The wire form of one is `{id, type, at, data}`. */
import type { EventId } from '../ids.ts';

export type EventType =
  | 'post.new'
  | 'post.updated'
  | 'post.deleted'
  | 'media.ready'
  | 'media.failed'
  | 'notification.new'
  | 'follow.request'
  | 'follow.accepted';

export interface LogEvent {
  readonly id: EventId;
  readonly type: EventType;
  /** Wall time in milliseconds. */
  readonly atMs: number;
  /** The event's `data` as JSON text, encoded once for all its receivers: nothing personal is in it. */
  readonly dataJson: string;
}
