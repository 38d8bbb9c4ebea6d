/** `Authenticator`: who an access token or a ticket speaks for, decided in memory. */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { SessionId, UserId } from '../../ids.ts';
import type { SessionRepository } from '../../storage/repositories/sessions.ts';
import type { AccessClaims, AccessTokens } from './access-tokens.ts';
import type { Authenticator } from './accounts.ts';
import type { RevocationList } from './revocation-list.ts';
import type { Ticket, Tickets } from './tickets.ts';

export interface AuthenticatorParts {
  readonly accessTokens: AccessTokens;
  readonly tickets: Tickets;
  readonly revocations: RevocationList;
  readonly sessions: Pick<SessionRepository, 'get'>;
  readonly clock: Pick<Clock, 'now'>;
}

export class TokenAuthenticator implements Authenticator {
  private readonly parts: AuthenticatorParts;

  constructor(parts: AuthenticatorParts) {
    this.parts = parts;
  }

  accessToken(token: string): AccessClaims {
    const claims = this.parts.accessTokens.verify(token, this.parts.clock.now());
    this.refuseRevoked(claims.sessionId);
    return claims;
  }

  ticket(text: string): Ticket {
    const ticket = this.parts.tickets.verify(text, this.parts.clock.now());
    this.refuseRevoked(ticket.sessionId);
    return ticket;
  }

  issueTicket(userId: UserId, sessionId: SessionId, device: string): string {
    return this.parts.tickets.issue({ userId, sessionId, device }, this.parts.clock.now());
  }

  onRevoked(listener: (sessionId: SessionId) => void): () => void {
    return this.parts.revocations.onRevoked(listener);
  }

  get fresh(): boolean {
    return this.parts.revocations.fresh;
  }

  async confirm(sessionId: SessionId): Promise<void> {
    const session = await this.parts.sessions.get(sessionId);
    if (session === null || session.state === 'revoked') throw new Problem('session-revoked');
    this.refuseRevoked(sessionId);
  }

  private refuseRevoked(sessionId: SessionId): void {
    if (this.parts.revocations.has(sessionId)) throw new Problem('session-revoked');
  }
}
