/**
 * The sessions revoked lately, in memory, so that checking one costs no read. Loaded before the node is ready, polled from
 * the store since; what this node revokes itself is known at once.
 *
 * What must hold: while `fresh`, every revocation acknowledged more than `limits.revocationStaleMs` ago is known here, as
 * long as a token or ticket of its session could live. When not fresh (the store was away, or there are more
 * revocations than fit), a session must be confirmed with the store instead.
 */
import type { Clock, Timer } from '../../clock.ts';
import type { SessionId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { minuteOf } from '../../storage/buckets.ts';
import type { SessionRepository } from '../../storage/repositories/sessions.ts';

/** Longer than any access token or ticket lives, clocks' differences included; the table keeps its rows as long. */
const REMEMBERED_MS = 2 * limits.accessTokenSeconds * 1000;

export interface RevocationListParts {
  readonly sessions: Pick<SessionRepository, 'revocationsOf'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export class RevocationList {
  private readonly parts: RevocationListParts;
  /** When each was heard of: the order of the map is the order of leaving. */
  private readonly heardAtMs = new Map<SessionId, number>();
  private readonly listeners = new Set<(sessionId: SessionId) => void>();
  /** Wall time up to which all is known; each poll begins `overlapMs` before it, since rows may arrive late. */
  private knownUpToMs: number;
  /** Monotonic time at which the last poll that succeeded began. */
  private lastPollMs = Number.NEGATIVE_INFINITY;
  /** Monotonic time until which revocations may be missing because they did not fit. */
  private overfullUntilMs = Number.NEGATIVE_INFINITY;
  private polling: Promise<void> | null = null;
  private timer: Timer | null = null;

  private constructor(parts: RevocationListParts) {
    this.parts = parts;
    this.knownUpToMs = parts.clock.now() - REMEMBERED_MS;
  }

  /** Resolves when every recent revocation is known; rejects if the store cannot be read. */
  static async open(parts: RevocationListParts): Promise<RevocationList> {
    const list = new RevocationList(parts);
    await list.poll();
    list.timer = parts.clock.every(limits.revocationPollMs, () => list.pollInBackground());
    return list;
  }

  has(sessionId: SessionId): boolean {
    return this.heardAtMs.has(sessionId);
  }

  /** False: the list may lack a revocation older than `limits.revocationStaleMs`. */
  get fresh(): boolean {
    const now = this.parts.clock.monotonic();
    return now - this.lastPollMs <= limits.revocationStaleMs && now >= this.overfullUntilMs;
  }

  /** A revocation that is already durable. Listeners are called once per session. */
  hear(sessionId: SessionId): void {
    if (this.heardAtMs.has(sessionId)) return;
    this.forgetOld();
    if (this.heardAtMs.size < limits.revocationsRememberedMax) {
      this.heardAtMs.set(sessionId, this.parts.clock.monotonic());
    } else {
      this.overfullUntilMs = this.parts.clock.monotonic() + REMEMBERED_MS;
    }
    for (const listener of this.listeners) this.tell(listener, sessionId);
  }

  onRevoked(listener: (sessionId: SessionId) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves when no poll is under way any more. */
  async close(): Promise<void> {
    this.timer?.cancel();
    this.listeners.clear();
    await this.polling?.catch(() => {});
  }

  private pollInBackground(): void {
    this.polling ??= this.poll()
      .catch((error: unknown) => {
        this.parts.log.warn('the revocation list could not be read', { error });
      })
      .finally(() => {
        this.polling = null;
      });
  }

  private async poll(): Promise<void> {
    const startedMs = this.parts.clock.monotonic();
    const now = this.parts.clock.now();
    const first = minuteOf(Math.min(this.knownUpToMs, now) - limits.overlapMs);
    // One minute ahead: rows bear the time of the node that wrote them, whose clock may be before ours.
    for (let minute = first; minute <= minuteOf(now) + 1; minute++) await this.readMinute(minute);
    this.knownUpToMs = now;
    this.lastPollMs = startedMs;
  }

  private async readMinute(minute: number): Promise<void> {
    let after: SessionId | null = null;
    for (;;) {
      const rows = await this.parts.sessions.revocationsOf(minute, after, limits.revocationPage);
      for (const row of rows) this.hear(row.sessionId);
      const last = rows.at(-1);
      if (last === undefined || rows.length < limits.revocationPage) return;
      after = last.sessionId;
    }
  }

  private forgetOld(): void {
    const oldestMs = this.parts.clock.monotonic() - REMEMBERED_MS;
    for (const [sessionId, heardAtMs] of this.heardAtMs) {
      if (heardAtMs >= oldestMs) return;
      this.heardAtMs.delete(sessionId);
    }
  }

  /** One listener's fault is not another's, and not the poll's. */
  private tell(listener: (sessionId: SessionId) => void, sessionId: SessionId): void {
    try {
      listener(sessionId);
    } catch (error) {
      this.parts.log.error('a listener to revocations failed', { error });
    }
  }
}
