/** Signing up, signing in, and staying signed in. */
import type { SessionId, UserId } from '../../ids.ts';

export interface SignedIn {
  readonly user: {
    readonly id: UserId;
    readonly username: string;
    readonly displayName: string;
    readonly avatarUrl: string | null;
  };
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Seconds until the access token expires. */
  readonly expiresIn: number;
}

export interface Accounts {
  register(input: { username: string; email: string; password: string; device: string }): Promise<SignedIn>;
  /** `login` is an e-mail address or a user name. Rejects `invalid-credentials`, or `rate-limited` after too many of those. */
  login(input: { login: string; password: string; device: string; clientAddress: string }): Promise<SignedIn>;
  refresh(refreshToken: string): Promise<SignedIn>;
  /** Ends the session: its tokens and tickets stop working and its connections close within 5 s. */
  logout(userId: UserId, sessionId: SessionId): Promise<void>;
}

/** Who an access token or a resume ticket speaks for. Checks signature, expiry and revocation; rejects `unauthenticated` or `session-revoked`. */
export interface Authenticator {
  accessToken(token: string): { readonly userId: UserId; readonly sessionId: SessionId; readonly expiresAtMs: number };
  /** `device` is part of what the ticket was made for. */
  ticket(ticket: string): {
    readonly userId: UserId;
    readonly sessionId: SessionId;
    readonly device: string;
    readonly expiresAtMs: number;
  };
  issueTicket(userId: UserId, sessionId: SessionId, device: string): string;
  /** Calls back, once per revoked session, within 5 s of the revocation anywhere. Returns how to stop. */
  onRevoked(listener: (sessionId: SessionId) => void): () => void;
  /**
   * False while this node may not know of every revocation (the store was away for more than 5 s): `accessToken` and
   * `ticket` then say only that the signature is good, and the gateway must `await confirm(sessionId)` before it serves.
   */
  readonly fresh: boolean;
  /** Asks the store whether the session is active: rejects `session-revoked`, or `unavailable` when it cannot be asked. */
  confirm(sessionId: SessionId): Promise<void>;
}
