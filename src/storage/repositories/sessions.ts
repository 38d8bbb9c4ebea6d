/**
 * Product queries over signed-in devices: one session each, which is also the family of its refresh tokens, and the list
 * of recent revocations that nodes poll.
 *
 * What must hold: a session that was revoked is never active again; every session is found from its user; a revocation is
 * in the list under a minute no older than `limits.lateWriteMs` before it was acknowledged, so that a poll that re-reads
 * the last `limits.overlapMs` misses none.
 */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { SessionId, UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { minuteOf } from '../buckets.ts';
import type { Store } from '../store.ts';
import type { RowOf } from '../table.ts';
import { revocations, sessions, sessionsByUser } from '../tables/accounts.ts';

export type SessionRow = RowOf<typeof sessions>;
export type SessionListRow = RowOf<typeof sessionsByUser>;
export type RevocationRow = RowOf<typeof revocations>;

const APPEND_ATTEMPTS = 3;

export class SessionRepository {
  private readonly store: Store;
  private readonly clock: Pick<Clock, 'now' | 'monotonic'>;

  constructor(store: Store, clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.store = store;
    this.clock = clock;
  }

  /** The list entry first: an entry without a session is harmless, a session that is in no list could not be ended. */
  async create(session: SessionRow): Promise<void> {
    const { userId, sessionId, device, createdAtMs } = session;
    await this.store.put(
      sessionsByUser,
      { userId, sessionId, device, createdAtMs },
      { expiresAtMs: createdAtMs + limits.sessionLifetimeMs },
    );
    await this.store.insertIfAbsent(sessions, session, this.expiry(session));
  }

  get(sessionId: SessionId): Promise<SessionRow | null> {
    return this.store.get(sessions, { sessionId });
  }

  /** Newest first. */
  ofUser(userId: UserId, limit: number): Promise<SessionListRow[]> {
    return this.store.page(sessionsByUser, { userId }, { limit });
  }

  /** The next generation of `held`; null if it was rotated or revoked meanwhile. */
  async rotate(held: SessionRow): Promise<SessionRow | null> {
    const next: SessionRow = { ...held, generation: held.generation + 1, rotatedAtMs: this.clock.now() };
    const expected = { generation: held.generation, state: 'active' } as const;
    return (await this.store.compareAndPut(sessions, next, expected, this.expiry(next))) ? next : null;
  }

  /** Ends the session and writes down that it ended. Repeating it is fine. */
  async revoke(userId: UserId, sessionId: SessionId): Promise<void> {
    const held = await this.get(sessionId);
    if (held !== null) {
      // Compared by state alone: a rotation in between may be overwritten, since a revoked session has no use for it.
      const revoked: SessionRow = { ...held, state: 'revoked' };
      await this.store.compareAndPut(sessions, revoked, { state: 'active' }, this.expiry(revoked));
    }
    await this.appendRevocation(userId, sessionId);
    await this.store.remove(sessionsByUser, { userId, sessionId });
  }

  /** One page of the revocations of a minute, in order of session id, behind `after`. */
  revocationsOf(minute: number, after: SessionId | null, limit: number): Promise<RevocationRow[]> {
    return this.store.page(revocations, { minute }, after === null ? { limit } : { after: [after], limit });
  }

  private async appendRevocation(userId: UserId, sessionId: SessionId): Promise<void> {
    for (let attempt = 0; attempt < APPEND_ATTEMPTS; attempt++) {
      const startedMs = this.clock.monotonic();
      const revokedAtMs = this.clock.now();
      await this.store.put(revocations, { minute: minuteOf(revokedAtMs), sessionId, userId, revokedAtMs });
      if (this.clock.monotonic() - startedMs <= limits.lateWriteMs) return;
    }
    throw new Problem('timeout');
  }

  /** Unused for `refreshTokenRetentionMs`, or `sessionLifetimeMs` old: whichever comes first. */
  private expiry(session: SessionRow): { expiresAtMs: number } {
    const idleUntilMs = this.clock.now() + limits.refreshTokenRetentionMs;
    return { expiresAtMs: Math.min(idleUntilMs, session.createdAtMs + limits.sessionLifetimeMs) };
  }
}
