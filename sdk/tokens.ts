/**
 * Who is signed in, and the tokens that prove it. A refresh happens once at a time, in all windows of a browser where the
 * platform has locks; whoever waited takes what the first one got. Only a refusal by the server signs out, never a lost
 * connection.
 */
import type { AccessToken } from './greeter.ts';
import { clientLimits } from './limits.ts';
import type { Platform } from './platform.ts';
import { asProblem, signedOutProblem } from './problem.ts';
import type { TextStorage } from './storage.ts';
import type { SignedIn, UserSummary } from './wire.ts';

export interface Account {
  readonly user: UserSummary;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresAtMs: number;
}

/** Runs one task at a time under a name, across all windows. */
export type Lock = <Result>(name: string, task: () => Promise<Result>) => Promise<Result>;

export class Tokens {
  private readonly platform: Platform;
  private readonly storage: TextStorage;
  private readonly lock: Lock;
  private readonly listeners = new Set<(account: Account | null) => void>();
  private refreshing: Promise<Account> | null = null;
  private held: Account | null;
  /** Of another window: what it wrote since is read before anything is refreshed. */
  private readonly refresh: (refreshToken: string) => Promise<SignedIn>;

  constructor(
    platform: Platform,
    storage: TextStorage,
    refresh: (refreshToken: string) => Promise<SignedIn>,
    lock: Lock = (_name, task) => task(),
  ) {
    this.platform = platform;
    this.storage = storage;
    this.refresh = refresh;
    this.lock = lock;
    this.held = parseAccount(storage.read());
  }

  get account(): Account | null {
    return this.held;
  }

  onChange(listener: (account: Account | null) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  signIn(answer: SignedIn): Account {
    const account: Account = {
      user: answer.user,
      accessToken: answer.accessToken,
      refreshToken: answer.refreshToken,
      expiresAtMs: this.platform.now() + answer.expiresIn * 1000,
    };
    this.keep(account);
    return account;
  }

  signOut(): void {
    if (this.held !== null) this.keep(null);
  }

  /** The profile has changed; the tokens have not. */
  renameUser(user: UserSummary): void {
    if (this.held !== null && this.held.user.id === user.id) this.keep({ ...this.held, user });
  }

  /** Another window wrote the storage. */
  reread(): void {
    const written = parseAccount(this.storage.read());
    if (JSON.stringify(written) === JSON.stringify(this.held)) return;
    this.held = written;
    for (const listener of this.listeners) listener(written);
  }

  /** A token that is good for a while yet and is not `refused`. Rejects `signed-out`, or `network` if it cannot be had now. */
  async access(refused?: string): Promise<AccessToken> {
    let account = this.held;
    if (account === null) throw signedOutProblem();
    if (!this.good(account, refused)) account = await this.renew(refused);
    return { text: account.accessToken, expiresAtMs: account.expiresAtMs };
  }

  private good(account: Account, refused: string | undefined): boolean {
    const fresh = account.expiresAtMs - this.platform.now() > clientLimits.tokenMarginMs;
    return fresh && account.accessToken !== refused;
  }

  private renew(refused: string | undefined): Promise<Account> {
    this.refreshing ??= this.lock('shutterline.refresh', () => this.renewLocked(refused)).finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private async renewLocked(refused: string | undefined): Promise<Account> {
    this.reread();
    const before = this.held;
    if (before === null) throw signedOutProblem();
    if (this.good(before, refused)) return before;
    try {
      const answer = await this.refresh(before.refreshToken);
      // Signed out, or in as somebody else, while the answer was on its way: that is what holds.
      if (this.held?.refreshToken !== before.refreshToken) return this.held ?? Promise.reject(signedOutProblem());
      return this.signIn(answer);
    } catch (error) {
      const problem = asProblem(error);
      if (problem.retryable || problem.status < 400 || problem.status >= 500) throw problem;
      this.signOut();
      throw signedOutProblem();
    }
  }

  private keep(account: Account | null): void {
    this.held = account;
    this.storage.write(account === null ? null : JSON.stringify(account));
    for (const listener of this.listeners) listener(account);
  }
}

function parseAccount(text: string | null): Account | null {
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Account;
    const sound =
      typeof value.user.id === 'string' &&
      typeof value.accessToken === 'string' &&
      typeof value.refreshToken === 'string' &&
      typeof value.expiresAtMs === 'number';
    return sound ? value : null;
  } catch {
    return null;
  }
}
