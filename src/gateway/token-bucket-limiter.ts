/**
 * `RateLimiter` by token buckets, in memory: each key has a bucket per class that fills steadily up to its burst; a call
 * takes one token. Over any time span t, a key gets at most `burst + t × perSecond` calls.
 *
 * The number of buckets is bounded. They live in two generations: a bucket in use moves to the young one, and when that is
 * full the old one goes. A bucket that is nearly full says little that a new one would not, so it is forgotten; those
 * nearer to empty are carried over: an attacker's many keys push each other out, not whoever was told to wait.
 */
import { limits } from '../limits.ts';
import type { RateClass } from './operation.ts';
import type { RateLimiter, RateVerdict } from './rate-limit.ts';

export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export const RATES: { readonly [Class in RateClass]: Rate } = {
  read: { burst: limits.rateReadBurst, perSecond: limits.rateReadPerSecond },
  write: { burst: limits.rateWriteBurst, perSecond: limits.rateWritePerSecond },
  'sign-in': { burst: limits.rateSignInBurst, perSecond: limits.rateSignInPerSecond },
  upload: { burst: limits.rateUploadBurst, perSecond: limits.rateUploadPerSecond },
};

interface Bucket {
  readonly rate: Rate;
  tokens: number;
  atMs: number;
}

type Generation = Map<string, Bucket>;

export class TokenBucketLimiter implements RateLimiter {
  private readonly rates: { readonly [Class in RateClass]: Rate };
  private readonly bucketsMax: number;
  private young: Generation = new Map();
  private old: Generation = new Map();

  /** `factor` multiplies every rate: above 1 for load tests, whose users all come from one address. */
  constructor({ factor = 1, bucketsMax = limits.rateLimitKeysMax as number, rates = RATES } = {}) {
    this.bucketsMax = bucketsMax;
    const scaled = ({ burst, perSecond }: Rate): Rate => ({
      burst: Math.max(1, Math.floor(burst * factor)),
      perSecond: perSecond * factor,
    });
    this.rates = {
      read: scaled(rates.read),
      write: scaled(rates.write),
      'sign-in': scaled(rates['sign-in']),
      upload: scaled(rates.upload),
    };
  }

  take(key: string, rate: RateClass, now: number): RateVerdict {
    const bucket = this.bucketOf(`${rate} ${key}`, rate, now);
    refill(bucket, now);
    const { burst, perSecond } = bucket.rate;
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens -= 1;
    const missing = allowed ? burst - bucket.tokens : 1 - bucket.tokens;
    return {
      allowed,
      limit: burst,
      remaining: Math.floor(bucket.tokens),
      resetMs: Math.ceil((missing / perSecond) * 1000),
    };
  }

  get size(): number {
    return this.young.size + this.old.size;
  }

  private bucketOf(name: string, rate: RateClass, now: number): Bucket {
    const inUse = this.young.get(name);
    if (inUse !== undefined) return inUse;
    const known = this.old.get(name);
    this.old.delete(name);
    if (this.young.size >= this.bucketsMax / 2) this.startGeneration(now);
    const settings = this.rates[rate];
    const bucket = known ?? { rate: settings, tokens: settings.burst, atMs: now };
    this.young.set(name, bucket);
    return bucket;
  }

  /** The old generation goes, except for the buckets that are less than half full, as far as a quarter of all holds them. */
  private startGeneration(now: number): void {
    const carried: Generation = new Map();
    for (const [name, bucket] of this.old) {
      if (carried.size >= this.bucketsMax / 4) break;
      refill(bucket, now);
      if (bucket.tokens < bucket.rate.burst / 2) carried.set(name, bucket);
    }
    this.old = this.young;
    this.young = carried;
  }
}

/** Time that goes back adds nothing, and is not waited for. */
function refill(bucket: Bucket, now: number): void {
  const elapsedMs = Math.max(0, now - bucket.atMs);
  bucket.tokens = Math.min(bucket.rate.burst, bucket.tokens + (elapsedMs / 1000) * bucket.rate.perSecond);
  bucket.atMs = now;
}
