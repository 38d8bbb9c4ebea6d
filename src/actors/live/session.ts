/**
 * What the gateway and a live actor say to each other. A session is a cursor over its user's event log: a few numbers,
 * no queue. The gateway owns the connection (`SessionLink`), the live room owns the cursor.
 */
import type { ErrorCode } from '../../errors.ts';
import type { SessionId, UserId } from '../../ids.ts';

/** `buffered`: taken, but send nothing more before `LiveSessions.writable`. `dropped`: not taken; the cursor stays. */
export type LinkOutcome = 'sent' | 'buffered' | 'dropped';

/** Characters of an epoch: plain ASCII. */
export const EPOCH_LENGTH = 11;

/** Consecutive log events for one session. Valid only during the call: links encode at once and keep nothing. */
export interface EventBatch {
  readonly epoch: string;
  /** Puts the epoch's characters into `target`: cheaper than the text. */
  writeEpoch(target: Uint8Array, offset: number): void;
  /** Sequence number of the first event; the others follow without a gap. */
  readonly seq: number;
  readonly count: number;
  /** Where to catch up from once all of these are known. */
  readonly cursor: string;
  /** `{"id":…,"type":…,"at":…,"data":…}` objects joined by commas, UTF-8: the same buffer object for the same events. */
  readonly eventsJson: Buffer;
  /**
   * The array of those objects, deflated (RFC 1950), for a session that reads it, where it is worth it; else null. The same
   * buffer object for the same events.
   */
  readonly deflated: Buffer | null;
}

export interface SessionState {
  readonly unreadNotifications: number;
}

/** What the live room tells a connection beside events. */
export type SessionNotice =
  | { readonly kind: 'behind'; readonly epoch: string; readonly seq: number; readonly cursor: string }
  | { readonly kind: 'reset'; readonly reason: string }
  | { readonly kind: 'state'; readonly state: Partial<SessionState> };

export interface SessionLink {
  sendEvents(batch: EventBatch): LinkOutcome;
  notify(notice: SessionNotice): LinkOutcome;
  /** Ends the connection with the catalogue's close code. The link calls `detach` when it has ended. */
  close(code: ErrorCode): void;
}

export interface LogPosition {
  readonly epoch: string;
  readonly seq: number;
}

export interface AttachRequest {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  /** Of the client's choice, stable per installation: the same device again replaces the older connection. */
  readonly device: string;
  readonly resume: LogPosition | null;
  /** Whether the link can send `EventBatch.deflated`, and the client read it. Absent: no. */
  readonly readsDeflated?: boolean;
}

export type AttachMode = 'fresh' | 'resumed' | 'behind';

export interface Attached {
  /** Names the session in later calls. Small integers, reused after `detach`. */
  readonly index: number;
  readonly mode: AttachMode;
  readonly epoch: string;
  /** Position from which events will follow: `resume.seq` when resumed, else the head of the log. */
  readonly seq: number;
  readonly cursor: string;
  readonly state: SessionState;
}

export interface LiveSessions {
  /**
   * Attaches without any I/O if the user's actor is resident, else null: then `attach` must be used. Events are sent in a
   * later turn, so the caller can write the `welcome` first.
   */
  attachResident(request: AttachRequest, link: SessionLink): Attached | null;

  /** Sends a session that was just attached what it missed now, if there is any, instead of in a later turn. */
  catchUp(index: number): void;

  /** Activates the actor if need be. Rejects with `overloaded` or `unavailable`. */
  attach(request: AttachRequest, link: SessionLink): Promise<Attached>;

  /** The client has everything up to `seq`. False if that was never sent: a protocol error. */
  acknowledge(index: number, seq: number): boolean;

  /** The link has room again after `buffered` or `dropped`. */
  writable(index: number): void;

  detach(index: number): void;

  readonly count: number;
}
