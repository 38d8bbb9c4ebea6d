/**
 * Access tokens: JSON Web Tokens, HS256 and nothing else, valid for at most fifteen minutes. The header names the key
 * (`kid`); several keys may verify, the newest signs. The only file that knows the `jsonwebtoken` package.
 */
import jwt from 'jsonwebtoken';
import { BoundedCache } from '../../actors/bounded-cache.ts';
import { Problem } from '../../errors.ts';
import { parseId, type SessionId, type UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { KeyRing } from './secrets.ts';

const ALGORITHM = 'HS256';

export interface AccessTokenSettings {
  /** Who makes the tokens and for whom; both are checked. */
  readonly issuer: string;
  readonly audience: string;
}

export interface AccessClaims {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly expiresAtMs: number;
}

export class AccessTokens {
  private readonly keys: KeyRing;
  private readonly settings: AccessTokenSettings;
  /** By the whole token: what was signed cannot change, only expire. */
  private readonly verified = new BoundedCache<string, AccessClaims>(limits.verifiedTokensMax);

  constructor(keys: KeyRing, settings: AccessTokenSettings) {
    this.keys = keys;
    this.settings = settings;
  }

  issue(userId: UserId, sessionId: SessionId, now: number): string {
    const issuedAt = Math.floor(now / 1000);
    const payload = { sid: sessionId, iat: issuedAt, exp: issuedAt + limits.accessTokenSeconds };
    return jwt.sign(payload, this.keys.newest.key, {
      algorithm: ALGORITHM,
      keyid: this.keys.newest.kid,
      subject: userId,
      issuer: this.settings.issuer,
      audience: this.settings.audience,
    });
  }

  /** Rejects `unauthenticated`, whatever is wrong. */
  verify(token: string, now: number): AccessClaims {
    const known = this.verified.get(token);
    if (known !== undefined && now < known.expiresAtMs) return known;
    const claims = this.checked(token, now);
    this.verified.set(token, claims);
    return claims;
  }

  private checked(token: string, now: number): AccessClaims {
    const payload = this.verifiedPayload(token, now);
    const userId = typeof payload.sub === 'string' ? parseId<UserId>(payload.sub) : null;
    const session: unknown = payload['sid'];
    const sessionId = typeof session === 'string' ? parseId<SessionId>(session) : null;
    if (userId === null || sessionId === null || payload.exp === undefined) throw new Problem('unauthenticated');
    return { userId, sessionId, expiresAtMs: payload.exp * 1000 };
  }

  private verifiedPayload(token: string, now: number): jwt.JwtPayload {
    const key = this.keys.byId.get(keyIdOf(token));
    if (key === undefined) throw new Problem('unauthenticated');
    try {
      const payload = jwt.verify(token, key, {
        algorithms: [ALGORITHM],
        issuer: this.settings.issuer,
        audience: this.settings.audience,
        clockTimestamp: Math.floor(now / 1000),
        maxAge: limits.accessTokenSeconds,
      });
      if (typeof payload === 'object') return payload;
    } catch (cause) {
      throw new Problem('unauthenticated', { cause });
    }
    throw new Problem('unauthenticated');
  }
}

/** The `kid` a token claims, unverified; empty if it has none. */
function keyIdOf(token: string): string {
  if (token.length > limits.tokenCharactersMax) return '';
  try {
    const text = Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('utf8');
    const header: unknown = JSON.parse(text);
    const isObject = typeof header === 'object' && header !== null;
    return isObject && 'kid' in header && typeof header.kid === 'string' ? header.kid : '';
  } catch {
    return '';
  }
}
