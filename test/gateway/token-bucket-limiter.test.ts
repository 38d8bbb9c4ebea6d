import test from 'ava';
import fc from 'fast-check';
import { RATES, TokenBucketLimiter } from '../../src/gateway/token-bucket-limiter.ts';

const NOW = 1_700_000_000_000;

test('over any span of time a key gets at most its burst plus what filled up meanwhile, and never less than is there', (t) => {
  const { burst, perSecond } = RATES['sign-in'];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 }), (steps) => {
      const limiter = new TokenBucketLimiter();
      const allowedAt: number[] = [];
      let now = NOW;
      for (const step of steps) {
        now += step;
        const { allowed, remaining, limit, resetMs } = limiter.take('a', 'sign-in', now);
        if (allowed) allowedAt.push(now);
        if (remaining < 0 || remaining > limit || resetMs < 0 || (!allowed && remaining > 0)) return false;
      }
      return allowedAt.every((from, first) =>
        allowedAt.slice(first).every((to, more) => more + 1 <= burst + ((to - from) / 1000) * perSecond + 1e-6),
      );
    }),
  );
  t.pass();
});

test('a refused caller who waits exactly as long as it was told is served', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100_000 }),
      fc.constantFrom('read', 'write', 'sign-in', 'upload'),
      (offset, rate) => {
        const limiter = new TokenBucketLimiter();
        let verdict = limiter.take('a', rate, NOW);
        while (verdict.allowed) verdict = limiter.take('a', rate, NOW + offset / 1000);
        return limiter.take('a', rate, NOW + offset / 1000 + verdict.resetMs).allowed;
      },
    ),
  );
  t.pass();
});

test('keys and classes do not draw on each other', (t) => {
  const limiter = new TokenBucketLimiter();
  while (limiter.take('a', 'sign-in', NOW).allowed);
  t.true(limiter.take('b', 'sign-in', NOW).allowed);
  t.true(limiter.take('a', 'read', NOW).allowed);
  t.false(limiter.take('a', 'sign-in', NOW).allowed);
});

test('a clock that steps back neither gives calls away nor locks anyone out', (t) => {
  const limiter = new TokenBucketLimiter();
  while (limiter.take('a', 'sign-in', NOW).allowed);
  t.false(limiter.take('a', 'sign-in', NOW - 3_600_000).allowed);
  t.true(limiter.take('a', 'sign-in', NOW - 3_600_000 + 2_000).allowed);
  t.false(limiter.take('a', 'sign-in', NOW - 3_600_000 + 2_000).allowed);
});

test('however many keys call, a bounded number is remembered, and whoever must wait is not forgotten for it', (t) => {
  const limiter = new TokenBucketLimiter({ bucketsMax: 100 });
  for (let count = 0; count < 50; count++) limiter.take('guesser', 'sign-in', NOW);
  for (let key = 0; key < 5_000; key++) limiter.take(`key ${key}`, 'sign-in', NOW);
  t.true(limiter.size <= 100);
  t.false(limiter.take('guesser', 'sign-in', NOW).allowed);
  for (let key = 0; key < 200; key++) {
    for (let count = 0; count < 50; count++) limiter.take(`hungry ${key}`, 'sign-in', NOW);
  }
  t.true(limiter.size <= 100, 'not even when all of them are empty');
});

test('the factor multiplies what is allowed', (t) => {
  const limiter = new TokenBucketLimiter({ factor: 10 });
  const { limit, remaining } = limiter.take('a', 'sign-in', NOW);
  t.is(limit, 10 * RATES['sign-in'].burst);
  t.is(remaining, limit - 1);
  t.is(new TokenBucketLimiter({ factor: 0.001 }).take('a', 'sign-in', NOW).limit, 1, 'never less than one call');
});
