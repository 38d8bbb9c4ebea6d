import test from 'ava';
import fc from 'fast-check';
import { DeliveryCheck, isExact, NO_FAULTS } from '../../bench/harness/delivery-check.ts';
import { FAULT_KINDS, FaultPlan, FaultyStream } from '../../bench/verify/fault-injection.ts';

const STREAMS = 2;

function checked(seen: readonly number[], end: number) {
  const check = new DeliveryCheck(STREAMS);
  check.begin(1, [0, 0]);
  for (const number of seen) check.see(0, 1, number);
  return check.finish([0, end]);
}

test('what came once and in order is exact', (t) => {
  const report = checked([0, 1, 2, 3], 4);
  t.true(isExact(report));
  t.is(report.delivered, 4);
});

test('a number that never came is lost, also at the end', (t) => {
  t.like(checked([0, 2], 4), { lost: 2, duplicated: 0, reordered: 0 });
});

test('a number that came twice is duplicated, once for each time too many', (t) => {
  t.like(checked([0, 1, 1, 0, 2], 3), { lost: 0, duplicated: 2, reordered: 0 });
});

test('a number that came late is reordered and not lost', (t) => {
  t.like(checked([0, 2, 1, 3], 4), { lost: 0, duplicated: 0, reordered: 1 });
});

test('a break in the numbering of the system is not exact', (t) => {
  t.false(isExact({ ...NO_FAULTS, misnumbered: 1 }));
});

test('every injected fault is found, and nothing else', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...FAULT_KINDS), fc.integer({ min: 3, max: 20 }), (kind, oneIn) => {
      const plan = new FaultPlan(kind, oneIn);
      const stream = new FaultyStream(plan);
      const events = oneIn * 5;
      const seen: number[] = [];
      // One more than is counted: the last fault may wait for it to overtake.
      for (let number = 0; number <= events; number++) {
        for (const frame of stream.pass(Buffer.from(String(number)))) seen.push(Number(frame.toString()));
      }
      const { lost, duplicated, reordered } = checked(seen, events + 1);
      t.deepEqual(
        { lost, duplicated, reordered },
        {
          lost: kind === 'drop' ? plan.injected : 0,
          duplicated: kind === 'duplicate' ? plan.injected : 0,
          reordered: kind === 'reorder' ? plan.injected : 0,
        },
      );
      return plan.injected > 0;
    }),
  );
});
