/** The port to the rate limiter: buckets by key and class, refilled over time. */
import type { RateClass } from './operation.ts';

export interface RateVerdict {
  readonly allowed: boolean;
  /** Calls the full bucket holds. */
  readonly limit: number;
  readonly remaining: number;
  /** Until the bucket is full again, or, when refused, until one call fits. */
  readonly resetMs: number;
}

export interface RateLimiter {
  /** Takes one call from the bucket of `key` and `rate`, if there is one. `now` is wall time in milliseconds. */
  take(key: string, rate: RateClass, now: number): RateVerdict;
}

/** Who a call counts against. Sign-in always counts against the address; one IPv6 subscriber is a /64. */
export function rateKey(userId: string | null, rate: RateClass, clientAddress: string): string {
  if (userId !== null && rate !== 'sign-in') return `user:${userId}`;
  return `address:${networkOf(clientAddress)}`;
}

function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^(?:0{4}:){5}ffff:([0-9a-f]{4}):([0-9a-f]{4})$|^::ffff:([\d.]+)$/i.exec(address);
  if (mapped?.[3] !== undefined) return mapped[3];
  if (mapped !== null) return `${mapped[1]}:${mapped[2]}`;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter((part) => part !== '').length;
  const full = [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...(tail ?? '').split(':')];
  return full
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
