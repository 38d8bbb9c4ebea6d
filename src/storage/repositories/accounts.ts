/**
 * Product queries over users, the names and addresses they claim, and their credentials.
 *
 * What must hold: a name or an address belongs to at most one user that can sign in. The claim is the only way from a
 * name to a user, and it is fenced. A claim that no user row followed (its maker died in between) may be taken over once
 * it is older than `limits.claimTakeoverMs`; whoever needed longer than `limits.claimConfirmAfterMs` to write the user
 * row must `renewClaim` before it relies on the claim, which fails if it was taken over meanwhile.
 */
import type { UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { type Mutation, putRow, type Store } from '../store.ts';
import type { RowOf } from '../table.ts';
import { claims, credentials, users } from '../tables/accounts.ts';

export type UserRow = RowOf<typeof users>;
export type CredentialsRow = RowOf<typeof credentials>;
export type ClaimRow = RowOf<typeof claims>;
export type ClaimKind = ClaimRow['kind'];

export class AccountRepository {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** True if the name or address is now (or was already) held by `claim.userId`. */
  async claim(claim: ClaimRow): Promise<boolean> {
    const outcome = await this.store.insertIfAbsent(claims, claim);
    if (outcome.inserted) return true;
    const held = outcome.existing;
    if (held.userId === claim.userId) return true;
    if (!(await this.isAbandoned(held, claim.claimedAtMs))) return false;
    return this.store.compareAndPut(claims, claim, { userId: held.userId, claimedAtMs: held.claimedAtMs });
  }

  /** Makes the claim young again. False if it is no longer exactly this one: someone took it over. */
  renewClaim(claim: ClaimRow, nowMs: number): Promise<boolean> {
    const expected = { userId: claim.userId, claimedAtMs: claim.claimedAtMs };
    return this.store.compareAndPut(claims, { ...claim, claimedAtMs: nowMs }, expected);
  }

  /** Gives the name or address back, if it is still this user's. */
  async releaseClaim(claim: ClaimRow): Promise<void> {
    const { kind, value, userId } = claim;
    await this.store.compareAndRemove(claims, { kind, value }, { userId });
  }

  /** Whether nobody can have the name or address now. Free is a hint: only `claim` decides. */
  async isTaken(kind: ClaimKind, value: string, nowMs: number): Promise<boolean> {
    const held = await this.store.get(claims, { kind, value });
    return held !== null && !(await this.isAbandoned(held, nowMs));
  }

  /** Who holds the name or address, whatever became of them. */
  async holder(kind: ClaimKind, value: string): Promise<UserId | null> {
    const held = await this.store.get(claims, { kind, value });
    return held?.userId ?? null;
  }

  /** The user and how they sign in, in one batch with what else belongs to it. */
  create(user: UserRow, secret: CredentialsRow, beside: readonly Mutation[]): Promise<void> {
    return this.store.batch([putRow(users, user), putRow(credentials, secret), ...beside]);
  }

  /**
   * Makes sure that a user whose creation has an unknown outcome never appears: the row in state "gone" has the higher
   * revision, so a creation that arrives later loses to it. The credentials lose their address and hash.
   */
  bury(user: UserRow, revision: number): Promise<void> {
    const gone: UserRow = { ...user, displayName: '', bio: '', state: 'gone', revision };
    const empty: CredentialsRow = { userId: user.userId, email: '', passwordHash: '', revision };
    return this.store.batch([putRow(users, gone), putRow(credentials, empty)]);
  }

  user(userId: UserId): Promise<UserRow | null> {
    return this.store.get(users, { userId });
  }

  credentials(userId: UserId): Promise<CredentialsRow | null> {
    return this.store.get(credentials, { userId });
  }

  private async isAbandoned(held: ClaimRow, nowMs: number): Promise<boolean> {
    if (nowMs - held.claimedAtMs < limits.claimTakeoverMs) return false;
    const user = await this.user(held.userId);
    return user === null || user.state === 'gone';
  }
}
