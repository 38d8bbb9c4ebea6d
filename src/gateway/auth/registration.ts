/**
 * Makes a user: claims name and address, then writes user and credentials in one batch.
 *
 * What must hold: of many who want one name exactly one gets it, and nobody holds a name without being a user for longer
 * than `limits.claimTakeoverMs`, wherever this is cut off. The order is claim → rows → (if that took long) claim again.
 */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { IdSource, RevisionSource, UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { recordActivity } from '../../storage/activity.ts';
import type { AccountRepository, ClaimRow, UserRow } from '../../storage/repositories/accounts.ts';

export interface RegistrationParts {
  readonly accounts: AccountRepository;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly revisions: RevisionSource;
  readonly log: Logger;
}

export interface AcceptedAccount {
  readonly username: string;
  readonly email: string;
  readonly passwordHash: string;
}

export class Registration {
  private readonly parts: RegistrationParts;

  constructor(parts: RegistrationParts) {
    this.parts = parts;
  }

  /** Refuses what is surely taken, before any costly work. */
  async refuseTaken(username: string, email: string): Promise<void> {
    const { accounts, clock } = this.parts;
    const now = clock.now();
    const [name, address] = await Promise.all([
      accounts.isTaken('username', username, now),
      accounts.isTaken('email', email, now),
    ]);
    if (name) throw taken('username');
    if (address) throw taken('email');
  }

  /** Rejects `username-taken` or `email-taken`; `timeout` when it took so long that someone else may have the name now. */
  async create(account: AcceptedAccount): Promise<UserRow> {
    const { accounts, clock, ids, revisions } = this.parts;
    const startedMs = clock.monotonic();
    const claimedAtMs = clock.now();
    const userId = ids.next<UserId>();
    const claims: ClaimRow[] = [
      { kind: 'username', value: account.username, userId, claimedAtMs },
      { kind: 'email', value: account.email, userId, claimedAtMs },
    ];
    await this.claimAll(claims);

    const revision = revisions.next();
    const user: UserRow = {
      userId,
      username: account.username,
      displayName: account.username,
      bio: '',
      avatarMediaId: null,
      state: 'active',
      createdAtMs: claimedAtMs,
      revision,
    };
    const credentials = { userId, email: account.email, passwordHash: account.passwordHash, revision };
    // No consumer acts on a registration, so there is nothing to dispatch: the activity is history.
    const activity = recordActivity(ids, { kind: 'user.registered', userId }, userId);
    try {
      await accounts.create(user, credentials, activity.mutations);
      if (clock.monotonic() - startedMs > limits.claimConfirmAfterMs) await this.confirm(claims);
      return user;
    } catch (error) {
      await this.undo(user, claims);
      throw error;
    }
  }

  private async claimAll(claims: readonly ClaimRow[]): Promise<void> {
    for (const [index, claim] of claims.entries()) {
      const begun = claims.slice(0, index + 1);
      // A claim with an unknown outcome may be there: it is given back like the ones before it.
      const isOurs = await this.parts.accounts.claim(claim).catch(async (error: unknown) => {
        await this.release(begun);
        throw error;
      });
      if (isOurs) continue;
      await this.release(begun.slice(0, -1));
      throw taken(claim.kind);
    }
  }

  private async confirm(claims: readonly ClaimRow[]): Promise<void> {
    for (const claim of claims) {
      const isStillOurs = await this.parts.accounts.renewClaim(claim, this.parts.clock.now());
      if (!isStillOurs) throw new Problem('timeout');
    }
  }

  /** Only once the user can never appear may the names go: someone may take them the next moment. */
  private async undo(user: UserRow, claims: readonly ClaimRow[]): Promise<void> {
    try {
      await this.parts.accounts.bury(user, this.parts.revisions.next());
    } catch {
      this.parts.log.warn('a registration was cut off; its names are free again later', { userId: user.userId });
      return;
    }
    await this.release(claims);
  }

  /** Best effort: a claim that stays behind is taken over later. */
  private async release(claims: readonly ClaimRow[]): Promise<void> {
    await Promise.allSettled(claims.map((claim) => this.parts.accounts.releaseClaim(claim)));
  }
}

function taken(kind: ClaimRow['kind']): Problem {
  return new Problem(kind === 'username' ? 'username-taken' : 'email-taken', {
    fields: [{ field: kind, reason: 'is taken' }],
  });
}
