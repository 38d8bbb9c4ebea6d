/**
 * `Accounts`: signing up, signing in, staying signed in, signing out.
 *
 * What must hold: an answer tells a stranger nothing about whether an account exists at sign-in (same message, same
 * work); a refresh token works once, except that its immediate successor may be asked for again for
 * `limits.refreshGraceMs`; a token older than that in use again means it was stolen, and ends the session.
 */
import type { Profiles } from '../../actors/services.ts';
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import { type IdSource, idAt, type SessionId, type UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { AccountRepository, UserRow } from '../../storage/repositories/accounts.ts';
import type { SessionRepository, SessionRow } from '../../storage/repositories/sessions.ts';
import { acceptedAccount, claimOfLogin, type NewAccount } from './account-rules.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { Accounts, SignedIn } from './accounts.ts';
import type { GuessLimit } from './guess-limit.ts';
import type { Passwords } from './passwords.ts';
import type { RefreshTokens } from './refresh-tokens.ts';
import type { Registration } from './registration.ts';
import type { RevocationList } from './revocation-list.ts';

/** Rotations that lose a race look again; a third loss in a row is a busy session, not bad luck. */
const ROTATION_ATTEMPTS = 3;
/** An id that no user has: unknown users cost the same reads as known ones. */
const NOBODY = idAt<UserId>(0);

export interface AccountServiceParts {
  readonly accounts: AccountRepository;
  readonly sessions: SessionRepository;
  readonly registration: Registration;
  readonly passwords: Passwords;
  readonly guesses: GuessLimit;
  readonly accessTokens: AccessTokens;
  readonly refreshTokens: RefreshTokens;
  readonly revocations: RevocationList;
  readonly profiles: Pick<Profiles, 'summaries'>;
  readonly clock: Clock;
  readonly ids: IdSource;
}

export class AccountService implements Accounts {
  private readonly parts: AccountServiceParts;

  constructor(parts: AccountServiceParts) {
    this.parts = parts;
  }

  async register(input: NewAccount & { device: string }): Promise<SignedIn> {
    const { registration, passwords } = this.parts;
    const { username, email, password } = acceptedAccount(input);
    await registration.refuseTaken(username, email);
    const passwordHash = await passwords.hash(password);
    const user = await registration.create({ username, email, passwordHash });
    return this.signedIn(user, await this.openSession(user.userId, input.device));
  }

  async login(input: { login: string; password: string; device: string; clientAddress: string }): Promise<SignedIn> {
    const claim = claimOfLogin(input.login);
    const guesser = { account: `${claim.kind} ${claim.value}`, clientAddress: input.clientAddress };
    const user = await this.parts.guesses.attempt(guesser, () => this.proven(claim, input.password));
    if (user === null) throw new Problem('invalid-credentials');
    refuseSuspended(user);
    return this.signedIn(user, await this.openSession(user.userId, input.device));
  }

  /** Null: there is no such user, or it is not their password; the work is the same. */
  private async proven(claim: ReturnType<typeof claimOfLogin>, password: string): Promise<UserRow | null> {
    const { accounts, passwords } = this.parts;
    const userId = (await accounts.holder(claim.kind, claim.value)) ?? NOBODY;
    const [user, credentials] = await Promise.all([accounts.user(userId), accounts.credentials(userId)]);
    const kept = user === null || user.state === 'gone' ? null : (credentials?.passwordHash ?? null);
    const isMatch = await passwords.matches(password, kept === '' ? null : kept);
    return isMatch ? user : null;
  }

  async refresh(refreshToken: string): Promise<SignedIn> {
    const { sessionId, generation } = this.parts.refreshTokens.open(refreshToken);
    for (let attempt = 0; attempt < ROTATION_ATTEMPTS; attempt++) {
      const held = await this.parts.sessions.get(sessionId);
      if (held === null || generation > held.generation) throw new Problem('unauthenticated');
      if (held.state === 'revoked') throw new Problem('session-revoked');
      const user = await this.parts.accounts.user(held.userId);
      if (user === null || user.state === 'gone') throw new Problem('unauthenticated');
      refuseSuspended(user);
      const inForce = generation === held.generation ? await this.parts.sessions.rotate(held) : held;
      if (inForce === null) continue;
      if (inForce === held && !this.isRepeatedInTime(held, generation)) {
        await this.logout(held.userId, held.sessionId);
        throw new Problem('session-revoked');
      }
      return this.signedIn(user, inForce);
    }
    throw new Problem('overloaded');
  }

  async logout(userId: UserId, sessionId: SessionId): Promise<void> {
    await this.parts.sessions.revoke(userId, sessionId);
    this.parts.revocations.hear(sessionId);
  }

  /** Whether `generation` is the one right before `held`, which the client may have missed the answer to. */
  private isRepeatedInTime(held: SessionRow, generation: number): boolean {
    return generation === held.generation - 1 && this.parts.clock.now() - held.rotatedAtMs <= limits.refreshGraceMs;
  }

  private async openSession(userId: UserId, device: string): Promise<SessionRow> {
    const { sessions, ids, clock } = this.parts;
    const now = clock.now();
    const session: SessionRow = {
      sessionId: ids.next<SessionId>(),
      userId,
      device,
      generation: 1,
      rotatedAtMs: now,
      createdAtMs: now,
      state: 'active',
    };
    await sessions.create(session);
    const surplus = (await sessions.ofUser(userId, limits.signedInDevicesMax + 1)).slice(limits.signedInDevicesMax);
    for (const oldest of surplus) await this.logout(userId, oldest.sessionId);
    return session;
  }

  private async signedIn(user: UserRow, session: SessionRow): Promise<SignedIn> {
    const { accessTokens, refreshTokens, profiles, clock } = this.parts;
    const [summary] = await profiles.summaries([user.userId]);
    const { userId: id, username, displayName } = user;
    return {
      user: { id, username, displayName, avatarUrl: summary?.avatarUrl ?? null },
      accessToken: accessTokens.issue(user.userId, session.sessionId, clock.now()),
      refreshToken: refreshTokens.tokenFor(session.sessionId, session.generation),
      expiresIn: limits.accessTokenSeconds,
    };
  }
}

function refuseSuspended(user: UserRow): void {
  if (user.state === 'suspended') throw new Problem('forbidden', { detail: 'This account is suspended.' });
}
