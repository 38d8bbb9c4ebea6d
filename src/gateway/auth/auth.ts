/** Puts accounts and authentication together over one store: what the composition root opens and closes. */
import type { Profiles } from '../../actors/services.ts';
import type { Clock } from '../../clock.ts';
import type { IdSource, RevisionSource } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { AccountRepository } from '../../storage/repositories/accounts.ts';
import { SessionRepository } from '../../storage/repositories/sessions.ts';
import type { Store } from '../../storage/store.ts';
import { AccessTokens, type AccessTokenSettings } from './access-tokens.ts';
import { AccountService } from './account-service.ts';
import { TokenAuthenticator } from './authenticator.ts';
import { GuessLimit } from './guess-limit.ts';
import { OWASP_COST, type PasswordCost, Passwords } from './passwords.ts';
import { RefreshTokens } from './refresh-tokens.ts';
import { Registration } from './registration.ts';
import { RevocationList } from './revocation-list.ts';
import type { Secrets } from './secrets.ts';
import { Tickets } from './tickets.ts';

export interface AuthParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly revisions: RevisionSource;
  readonly secrets: Secrets;
  readonly profiles: Pick<Profiles, 'summaries'>;
  readonly log: Logger;
  readonly tokens?: AccessTokenSettings;
  /** Lower than OWASP's only where nobody's password is at stake: tests and load. */
  readonly passwordCost?: PasswordCost;
}

const TOKENS: AccessTokenSettings = { issuer: 'shutterline', audience: 'shutterline' };

export class Auth {
  readonly accounts: AccountService;
  readonly authenticator: TokenAuthenticator;
  private readonly revocations: RevocationList;

  private constructor(parts: AuthParts, revocations: RevocationList, passwords: Passwords) {
    const { store, clock, secrets } = parts;
    const accounts = new AccountRepository(store);
    const sessions = new SessionRepository(store, clock);
    const accessTokens = new AccessTokens(secrets.keys('access-token'), parts.tokens ?? TOKENS);
    this.revocations = revocations;
    this.accounts = new AccountService({
      ...parts,
      accounts,
      sessions,
      accessTokens,
      passwords,
      guesses: new GuessLimit(clock),
      revocations,
      registration: new Registration({ ...parts, accounts }),
      refreshTokens: new RefreshTokens(secrets.keys('refresh-token')),
    });
    const tickets = new Tickets(secrets.keys('ticket'));
    this.authenticator = new TokenAuthenticator({ accessTokens, tickets, revocations, sessions, clock });
  }

  /** Resolves when the recent revocations are known. */
  static async open(parts: AuthParts): Promise<Auth> {
    const { store, clock, log } = parts;
    const passwords = await Passwords.open(
      {
        cost: parts.passwordCost ?? OWASP_COST,
        concurrent: limits.passwordHashesConcurrent,
        waiting: limits.passwordHashesWaiting,
      },
      clock.randomBytes(24).toString('base64url'),
    );
    const revocations = await RevocationList.open({ sessions: new SessionRepository(store, clock), clock, log });
    return new Auth(parts, revocations, passwords);
  }

  close(): Promise<void> {
    return this.revocations.close();
  }
}
