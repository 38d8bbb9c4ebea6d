/** How what happened reaches the live actors of this node. Durable copies are written by fan-out; this is the fast path. */
import type { PostId, PublishId, UserId } from '../../ids.ts';
import type { LogEvent } from '../event.ts';
import type { SessionState } from './session.ts';

/** A post's place in a timeline. */
export interface TimelineEntry {
  readonly publishId: PublishId;
  readonly postId: PostId;
  readonly authorId: UserId;
}

export interface LiveEvents {
  /**
   * To every resident actor with sessions that follows `authorId` (and the author's own): appends to hot timeline (if
   * `entry`) and log. Used once per event and node, at publish.
   */
  broadcast(authorId: UserId, event: LogEvent, entry: TimelineEntry | null): void;

  /**
   * To one user's actor if it is resident; a copy of an event that the actor has already is dropped. Call it after the
   * inbox row is acknowledged.
   */
  deliver(userId: UserId, event: LogEvent, entry: TimelineEntry | null): void;

  /** The user now follows (or no longer follows) the author: what is broadcast from here on reaches them (or not). */
  setInterest(userId: UserId, authorId: UserId, interested: boolean): void;

  /** Whether the user's actor is resident and hears of the author: whom they follow, as far as memory knows. */
  listensTo(userId: UserId, authorId: UserId): boolean;

  /** Puts older entries into the user's hot timeline if resident, at their place by publishId, without events. */
  mergeTimeline(userId: UserId, entries: readonly TimelineEntry[]): void;

  /** The post is gone: log entries that show it become nothing (their numbers stay), hot timelines skip it at read. */
  withdrawPost(postId: PostId): void;

  /** Latest wins; sent to all of the user's sessions, now or when there is room. */
  setState(userId: UserId, state: Partial<SessionState>): void;

  /** The resident hot timeline, newest first, with the log position it is true for; null if not resident. */
  hotTimeline(userId: UserId): HotView | null;
}

export interface HotView {
  readonly entries: readonly TimelineEntry[];
  /** True if older entries may exist in the store. */
  readonly truncated: boolean;
  readonly epoch: string;
  readonly seq: number;
  readonly cursor: string;
}

/** What an activation reads, given to the live room by the composition root. */
export interface ActivationSource {
  /** Whom the user follows. */
  followedAuthors(userId: UserId): Promise<readonly UserId[]>;
  /** The newest `limits.hotTimelineEntries` entries: timeline rows merged with posts of pulled authors. */
  newestEntries(userId: UserId): Promise<readonly TimelineEntry[]>;
  state(userId: UserId): Promise<SessionState>;
}
