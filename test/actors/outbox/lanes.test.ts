import test from 'ava';
import fc from 'fast-check';
import { Lanes } from '../../../src/actors/outbox/lanes.ts';
import { ManualClock, settlePromises } from '../../support/manual-clock.ts';

/** A task that is told when to end. */
function held(): { task: () => Promise<void>; began: () => boolean; end: (error?: Error) => void } {
  let began = false;
  let end = (_error?: Error): void => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error));
  });
  return {
    task: () => {
      began = true;
      return ended;
    },
    began: () => began,
    end: (error) => end(error),
  };
}

test('tasks of a lane run in the order of their places and never beside another place, at most so many at once', async (t) => {
  const task = fc.record({
    lane: fc.constantFrom('a', 'b', 'c'),
    place: fc.integer({ min: 0, max: 9 }).map(String),
    delayMs: fc.nat(20),
    fails: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(task, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), async (tasks, atOnce) => {
      const clock = new ManualClock();
      const lanes = new Lanes(atOnce);
      const running: { lane: string; place: string }[] = [];
      const waiting = [...tasks];
      const broken: string[] = [];
      const calls = tasks.map((each) =>
        lanes.run(each.lane, each.place, async () => {
          const { lane, place } = each;
          waiting.splice(waiting.indexOf(each), 1);
          if (running.some((other) => other.lane === lane && other.place !== place)) broken.push('two places at once');
          running.push(each);
          if (running.length > atOnce) broken.push('too many at once');
          await new Promise<void>((resolve) => clock.after(each.delayMs, resolve));
          running.splice(running.indexOf(each), 1);
          if (each.fails) throw new Error('refused');
        }),
      );
      const settled = Promise.allSettled(calls);
      await settlePromises();
      // All have been offered: whatever starts from now on must have the earliest place that waits in its lane.
      while (waiting.length > 0 || running.length > 0) {
        const before = [...waiting];
        clock.advance(1);
        await settlePromises();
        for (const each of before) {
          if (waiting.includes(each)) continue;
          const earlier = waiting.some((other) => other.lane === each.lane && other.place < each.place);
          if (earlier) broken.push(`${each.place} before an earlier place`);
        }
      }
      const results = await settled;
      t.deepEqual(broken, []);
      t.deepEqual(
        results.map(({ status }) => status === 'rejected'),
        tasks.map(({ fails }) => fails),
      );
      t.is(lanes.size, 0, 'nothing is kept of a lane that is empty');
    }),
    { numRuns: 100 },
  );
});

test('a long lane leaves room for another that comes later', async (t) => {
  const lanes = new Lanes(2);
  const long = Array.from({ length: 30 }, held);
  const calls = long.map(({ task }, place) => lanes.run('busy', String(100 + place), task));
  const other = held();
  const call = lanes.run('other', '1', other.task);
  t.true(other.began());
  t.deepEqual(
    long.map(({ began }) => began()),
    long.map((_, index) => index === 0),
  );
  for (const each of [other, ...long]) each.end();
  await Promise.all([...calls, call]);
});

test('tasks of one place run side by side, and the next place begins when the last of them has ended', async (t) => {
  const lanes = new Lanes(8);
  const [first, second, next] = [held(), held(), held()];
  const calls = [lanes.run('a', '1', first.task), lanes.run('a', '2', next.task), lanes.run('a', '1', second.task)];
  t.true(second.began(), 'it goes before the later place that came first');
  first.end();
  await settlePromises();
  t.false(next.began());
  second.end();
  await settlePromises();
  t.true(next.began());
  next.end();
  await Promise.all(calls);
});

test('a task that fails is told to its caller alone', async (t) => {
  const lanes = new Lanes(8);
  const [first, second] = [held(), held()];
  const refused = lanes.run('a', '1', first.task);
  const fine = lanes.run('a', '2', second.task);
  first.end(new Error('refused'));
  await t.throwsAsync(refused, { message: 'refused' });
  second.end();
  await t.notThrowsAsync(fine);
  t.is(lanes.size, 0);
});
