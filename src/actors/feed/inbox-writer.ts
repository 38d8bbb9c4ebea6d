/** Writes one event down for its receiver, and tells their live actor. */
import type { UserId } from '../../ids.ts';
import type { LogEvent } from '../event.ts';
import type { TimelineEntry } from '../live/live-events.ts';

export interface InboxEvent {
  readonly event: LogEvent;
  /** What `sync` needs to read it fresh: `{postId}`, `{notificationId}`… */
  readonly references: Readonly<Record<string, string>>;
  /** For events that show a post in the timeline; its timeline row is written too. */
  readonly entry: TimelineEntry | null;
}

export interface InboxWriter {
  /**
   * Appends under the late-write rule: resolves only when a copy was acknowledged within `limits.lateWriteMs` of its
   * arrivalId. Then delivers to the live actor. A rerun appends again; readers drop doubles by event id.
   */
  append(userId: UserId, event: InboxEvent): Promise<void>;

  /** The same for each of many, grouped. When it rejects, some may have it and some not: append to all again. */
  appendToMany(userIds: readonly UserId[], event: InboxEvent): Promise<void>;
}
