import test from 'ava';
import fc from 'fast-check';
import { Deadlines } from '../src/deadlines.ts';
import { ManualClock } from './support/manual-clock.ts';

test('each deadline that is not met passes once and at its time, whatever was met before it; no timer stays behind', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ waitMs: fc.nat(30), metAfterMs: fc.option(fc.nat(200)) }), { maxLength: 40 }),
      (plan) => {
        const clock = new ManualClock();
        const deadlines = new Deadlines(clock, 100);
        const passed: [number, number][] = [];
        const due: [number, number][] = [];
        for (const [number, { waitMs, metAfterMs }] of plan.entries()) {
          clock.advance(waitMs);
          const deadline = deadlines.start(() => passed.push([number, clock.monotonic()]));
          if (metAfterMs !== null) clock.after(metAfterMs, () => deadline.met());
          if (metAfterMs === null || metAfterMs > 100) due.push([number, clock.monotonic() + 100]);
          // Of two timers of one moment the one that was set first runs first: not what is looked at here.
          if (metAfterMs === 100) return;
        }
        clock.advance(1000);
        t.deepEqual(passed, due);
        t.is(clock.timerCount, 0);
        t.is(deadlines.kept, 0);
      },
    ),
  );
});

test('one timer serves them all, and those that were met are let go', (t) => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock, 100);
  deadlines.start(() => undefined);
  for (let count = 0; count < 5000; count++) deadlines.start(() => t.fail()).met();
  t.is(clock.timerCount, 1);
  t.true(deadlines.kept < 2048);
});

test('limited work ends as it ends, or late', async (t) => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock, 100);
  const limited = (work: Promise<string>): Promise<string> => deadlines.limit(work, () => new Error('late'));
  t.is(await limited(Promise.resolve('done')), 'done');
  await t.throwsAsync(limited(Promise.reject(new Error('refused'))), { message: 'refused' });
  const hanging = limited(new Promise(() => {}));
  clock.advance(100);
  await t.throwsAsync(hanging, { message: 'late' });
});
