/**
 * How many wrong passwords an account takes, beside what one address may try: a guesser with many addresses gets no further
 * than one every `limits.guessRefillMs`. Names that nobody has are counted alike, so that the limit tells nothing.
 *
 * What must hold: only wrong passwords count, and after an attack the first try waits `guessRefillMs` at most. While one
 * lasts, networks from which somebody signed in to the account before are counted apart: its owner is not locked out.
 */
import { createHash } from 'node:crypto';
import { BoundedCache } from '../../actors/bounded-cache.ts';
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { rateKey } from '../rate-limit.ts';

interface Allowance {
  guesses: number;
  /** Monotonic. */
  atMs: number;
}

export interface Guesser {
  /** The account as it was named, folded. */
  readonly account: string;
  readonly clientAddress: string;
}

export class GuessLimit {
  private readonly clock: Pick<Clock, 'monotonic'>;
  private readonly allowances: BoundedCache<string, Allowance>;
  /** Accounts together with networks from which somebody signed in to them. */
  private readonly familiar: BoundedCache<string, true>;

  constructor(clock: Pick<Clock, 'monotonic'>, accountsMax: number = limits.guessedAccountsMax) {
    this.clock = clock;
    this.allowances = new BoundedCache(accountsMax);
    this.familiar = new BoundedCache(accountsMax);
  }

  /**
   * Runs `work`, whose null is a wrong guess. Counted before it runs, so that guesses at the same time count too, and
   * given back unless it was wrong. Rejects `rate-limited` when no guess is left.
   */
  async attempt<Result>(guesser: Guesser, work: () => Promise<Result | null>): Promise<Result | null> {
    const here = digest(`${guesser.account}\n${rateKey(null, 'sign-in', guesser.clientAddress)}`);
    const allowance = this.allowanceOf(this.familiar.get(here) === true ? here : digest(guesser.account));
    if (allowance.guesses < 1) {
      throw new Problem('rate-limited', {
        retryAfterMs: Math.ceil((1 - allowance.guesses) * limits.guessRefillMs),
      });
    }
    allowance.guesses--;
    let isWrong = false;
    try {
      const result = await work();
      isWrong = result === null;
      if (!isWrong) this.familiar.set(here, true);
      return result;
    } finally {
      if (!isWrong) allowance.guesses = Math.min(limits.guessBurst, allowance.guesses + 1);
    }
  }

  private allowanceOf(key: string): Allowance {
    const now = this.clock.monotonic();
    const known = this.allowances.get(key);
    if (known === undefined) {
      const full = { guesses: limits.guessBurst, atMs: now };
      this.allowances.set(key, full);
      return full;
    }
    known.guesses = Math.min(limits.guessBurst, known.guesses + (now - known.atMs) / limits.guessRefillMs);
    known.atMs = now;
    return known;
  }
}

/** Names are as long as their sender likes; keys are not. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
