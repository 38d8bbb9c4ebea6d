import test from 'ava';
import fc from 'fast-check';
import { Histogram } from '../../bench/harness/histogram.ts';

const values = fc.array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 1, maxLength: 300 });

test('a percentile is never below the truth and at most 1.6 % above it', (t) => {
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (recorded, fraction) => {
      const histogram = new Histogram();
      for (const value of recorded) histogram.record(value);
      const sorted = recorded.toSorted((left, right) => left - right);
      const truth = sorted[Math.max(1, Math.ceil(fraction * sorted.length)) - 1] ?? 0;
      const said = histogram.percentile(fraction);
      return said >= truth && said <= Math.ceil(truth * 1.016);
    }),
  );
  t.pass();
});

test('what another process counted is added without loss of precision', (t) => {
  fc.assert(
    fc.property(values, values, (here, there) => {
      const together = new Histogram();
      const other = new Histogram();
      for (const value of [...here, ...there]) together.record(value);
      for (const value of there) other.record(value);
      const sum = new Histogram();
      for (const value of here) sum.record(value);
      sum.addPairs(other.toPairs());
      t.deepEqual(sum.toPairs(), together.toPairs());
      return sum.count === together.count && sum.percentile(0.5) === together.percentile(0.5);
    }),
  );
});
