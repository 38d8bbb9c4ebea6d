import test from 'ava';
import fc from 'fast-check';
import { limits } from '../../../src/limits.ts';
import { EventBodies } from '../../../src/actors/live/event-bodies.ts';
import { EventLogs } from '../../../src/actors/live/event-log.ts';
import { EventRun } from '../../../src/actors/live/event-run.ts';
import { Slab } from '../../../src/actors/live/slab.ts';
import { event } from '../../support/live.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const LOGS = [0, 1, 2, 3, 4];

/** Logs beside each other, with what they need. */
class Bench {
  readonly clock = new ManualClock();
  readonly slab = new Slab();
  readonly bodies: EventBodies;
  readonly logs: EventLogs;

  constructor(logRingEvents: number) {
    const bounds = { ...limits, logRingEvents };
    this.bodies = new EventBodies(this.clock, bounds);
    this.logs = new EventLogs(this.slab, this.bodies, bounds);
    for (const log of LOGS) this.logs.open(log, 0);
  }

  acquire(numbers: readonly number[]): number[] {
    return numbers.map((number) => {
      this.clock.advance(1);
      return this.bodies.acquire(event(number));
    });
  }

  release(handles: readonly number[]): void {
    for (const handle of handles) this.bodies.release(handle);
  }

  state() {
    const { logs, bodies } = this;
    return LOGS.map((log) => {
      const oldest = logs.oldest(log);
      const seqs = Array.from({ length: logs.head(log) - oldest + 1 }, (_, place) => oldest + place);
      const ids = seqs.map((seq) => bodies.get(logs.handleAt(log, seq)).id);
      return { head: logs.head(log), ids, base: logs.cursorAt(log, oldest - 1) };
    });
  }
}

/** Some of the logs, and how many events they are given. */
const step = fc.record({ to: fc.subarray(LOGS), count: fc.integer({ min: 1, max: 12 }) });

test('a run leaves logs as if every event had been appended by itself, and the same references', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 24 }), fc.array(step, { maxLength: 25 }), (ring, steps) => {
      const [together, singly] = [new Bench(ring), new Bench(ring)];
      let next = 1;
      for (const { to, count } of steps) {
        const numbers = Array.from({ length: count }, () => next++);
        const handles = together.acquire(numbers);
        const run = new EventRun(together.bodies, handles, next);
        for (const log of to) together.logs.appendRun(log, run);
        run.settle();
        together.release(handles);
        const each = singly.acquire(numbers);
        for (const log of to) for (const handle of each) singly.logs.append(log, handle);
        singly.release(each);
      }
      t.deepEqual(together.state(), singly.state());
      t.is(together.bodies.size, singly.bodies.size);
      for (const log of LOGS) together.logs.drop(log);
      t.is(together.bodies.size, 0);
      t.is(together.slab.wordsInUse, 0);
    }),
  );
});

const HISTORIES: Readonly<Record<string, readonly (readonly number[])[]>> = {
  'the same falls out of all': [
    [1, 2, 9, 10],
    [1, 2, 9, 10],
    [1, 2, 9, 10],
  ],
  'after a change in the middle something else falls at the beginning': [
    [1, 2, 9, 10],
    [1, 3, 9, 10],
    [1, 3, 9, 10],
    [4, 5, 9, 10],
    [4, 5, 9, 10],
  ],
  'a log with room changes a part, and the next gives up just what is known then': [
    [1, 2, 9, 10],
    [6, 9, 10],
    [1, 6, 9, 10],
  ],
};

for (const [title, histories] of Object.entries(HISTORIES)) {
  test(`what falls out of logs is counted one by one or at once: ${title}`, (t) => {
    const [together, singly] = [new Bench(4), new Bench(4)];
    for (const bench of [together, singly]) {
      const known = bench.acquire([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      for (const [log, numbers] of histories.entries()) {
        for (const number of numbers) bench.logs.append(log, known[number - 1] ?? 0);
      }
      bench.release(known);
    }
    const handles = together.acquire([11, 12]);
    const run = new EventRun(together.bodies, handles, 1);
    for (const log of histories.keys()) together.logs.appendRun(log, run);
    run.settle();
    together.release(handles);
    const each = singly.acquire([11, 12]);
    for (const log of histories.keys()) for (const handle of each) singly.logs.append(log, handle);
    singly.release(each);

    t.deepEqual(together.state(), singly.state());
    t.is(together.bodies.size, singly.bodies.size);
    for (const log of LOGS) together.logs.drop(log);
    t.is(together.bodies.size, 0);
  });
}

test('whether a log holds a run of events from a number on is told across the end of its ring', (t) => {
  const { logs, bodies } = new Bench(8);
  const handles = Array.from({ length: 11 }, (_, place) => bodies.acquire(event(place + 1)));
  for (const handle of handles) logs.append(0, handle);
  const newest = Uint32Array.from(handles.slice(6));
  t.true(logs.holds(0, 7, newest, 5));
  t.true(logs.holds(0, 7, newest, 3));
  t.false(logs.holds(0, 6, newest, 5));
});
