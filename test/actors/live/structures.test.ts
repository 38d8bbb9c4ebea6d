import test from 'ava';
import fc from 'fast-check';
import { InvariantViolation } from '../../../src/errors.ts';
import type { UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { EventBodies } from '../../../src/actors/live/event-bodies.ts';
import { EventLogs } from '../../../src/actors/live/event-log.ts';
import { HandleTable } from '../../../src/actors/live/handle-table.ts';
import { HotTimelines } from '../../../src/actors/live/hot-timeline.ts';
import { InterestIndex } from '../../../src/actors/live/interest-index.ts';
import type { TimelineEntry } from '../../../src/actors/live/live-events.ts';
import { Slab } from '../../../src/actors/live/slab.ts';
import { TimelineEntries } from '../../../src/actors/live/timeline-entries.ts';
import { entry, event, post, user } from '../../support/live.ts';
import { ManualClock } from '../../support/manual-clock.ts';

test('slab blocks never overlap, whatever is allocated and freed', (t) => {
  const step = fc.record({ words: fc.integer({ min: 1, max: 300 }), frees: fc.boolean(), which: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const slab = new Slab();
      const held: { address: number; words: number; mark: number }[] = [];
      let mark = 0;
      for (const { words, frees, which } of steps) {
        if (frees && held.length > 0) {
          const [block] = held.splice(which % held.length, 1);
          if (block !== undefined) slab.free(block.address, block.words);
        } else {
          const address = slab.allocate(words);
          const start = slab.offset(address);
          slab.chunk(address).fill(++mark, start, start + words);
          held.push({ address, words, mark });
        }
      }
      const intact = held.every(({ address, words, mark }) => {
        const start = slab.offset(address);
        return slab
          .chunk(address)
          .subarray(start, start + words)
          .every((word) => word === mark);
      });
      return intact && slab.wordsInUse === held.reduce((sum, block) => sum + block.words, 0);
    }),
  );
  t.pass();
});

test('a block larger than a chunk gets a chunk of its own', (t) => {
  const slab = new Slab();
  const small = slab.allocate(10);
  const large = slab.allocate(300_000);
  t.is(slab.chunk(large).length, 300_000);
  t.not(slab.chunk(small), slab.chunk(large));
});

test('a handle is good for as long as somebody holds a reference, and never names another value', (t) => {
  const table = new HandleTable<{ key: string }>((value) => value.key, 10);
  const first = table.add({ key: 'a' });
  table.retain(first);
  t.is(table.release(first), null);
  t.is(table.get(first).key, 'a');
  t.is(table.release(first)?.key, 'a');
  const second = table.add({ key: 'b' });
  t.not(second, first);
  t.throws(() => table.get(first), { instanceOf: InvariantViolation });
  t.throws(() => table.release(first), { instanceOf: InvariantViolation });
  t.throws(() => table.retain(first), { instanceOf: InvariantViolation });
  t.is(table.find('a'), 0);
  t.is(table.find('b'), second);
});

test('a log holds its newest events under numbers that never shift, and frees every body it let go', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 150 }), (ring, count) => {
      const bounds = { ...limits, logRingEvents: ring };
      const bodies = new EventBodies(new ManualClock(), bounds);
      const slab = new Slab();
      const logs = new EventLogs(slab, bodies, bounds);
      logs.open(3, 0);
      for (let number = 1; number <= count; number++) {
        const handle = bodies.acquire(event(number));
        if (logs.append(3, handle) !== number) return false;
        bodies.release(handle);
      }
      const held = Math.min(ring, count);
      if (logs.head(3) !== count || logs.oldest(3) !== count - held + 1 || bodies.size !== held) return false;
      for (let seq = logs.oldest(3); seq <= count; seq++) {
        if (bodies.get(logs.handleAt(3, seq)).id !== event(seq).id) return false;
      }
      logs.drop(3);
      return bodies.size === 0 && slab.wordsInUse === 0;
    }),
  );
  t.pass();
});

test('the cursor of a position is the overlap before its event was first heard of', (t) => {
  const clock = new ManualClock();
  const bodies = new EventBodies(clock, limits);
  const logs = new EventLogs(new Slab(), bodies, { ...limits, logRingEvents: 2 });
  logs.open(0, clock.now());
  const cursors = [logs.cursorAt(0, 0)];
  for (let number = 1; number <= 4; number++) {
    clock.advance(1000);
    logs.append(0, bodies.acquire(event(number)));
    cursors.push(logs.cursorAt(0, number));
  }
  t.deepEqual(cursors, cursors.toSorted());
  t.is(new Set(cursors).size, 5);
  // In front of the oldest held event the position keeps the cursor it had.
  t.is(logs.cursorAt(0, 2), cursors[2] ?? '');
  t.throws(() => logs.cursorAt(0, 1), { instanceOf: InvariantViolation });
});

test('a hot timeline is the newest entries in order, each once, in whatever order they came', (t) => {
  const numbers = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 120 });
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 20 }), fc.nat(60), (inserted, entriesMax, loaded) => {
      const entries = new TimelineEntries();
      const slab = new Slab();
      const timelines = new HotTimelines(slab, entries, { ...limits, hotTimelineEntries: entriesMax });
      timelines.open(1);
      const half = inserted.slice(0, loaded);
      const read = [...new Set(inserted.slice(loaded))].toSorted((a, b) => b - a).slice(0, entriesMax);
      for (const number of half) timelines.insert(1, entry(number));
      timelines.load(
        1,
        read.map((number) => entry(number)),
      );
      const all = [...new Set([...half, ...read])].toSorted((a, b) => b - a);
      const shown = timelines.read(1).map((each: TimelineEntry) => each.postId);
      const expected = all.slice(0, entriesMax).map(post);
      const same = shown.length === expected.length && shown.every((id, place) => id === expected[place]);
      if (!same || entries.size !== expected.length) return false;
      if (all.length > entriesMax && !timelines.truncated(1)) return false;
      timelines.drop(1);
      return entries.size === 0 && slab.wordsInUse === 0;
    }),
  );
  t.pass();
});

test('the interest index agrees with a set of edges, and holds nothing when the last one is gone', (t) => {
  const step = fc.record({
    kind: fc.constantFrom('add', 'remove', 'drop', 'register'),
    actor: fc.nat(5),
    author: fc.nat(5),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const slab = new Slab();
      const index = new InterestIndex(slab);
      const model = new Map<number, Set<UserId>>();
      for (let actor = 0; actor <= 5; actor++) {
        index.open(actor);
        model.set(actor, new Set());
      }
      for (const { kind, actor, author } of steps) {
        const name = user(`author${author}`);
        const edges = model.get(actor) ?? new Set();
        if (kind === 'add') {
          index.add(actor, name);
          edges.add(name);
        } else if (kind === 'remove') {
          index.remove(actor, name);
          edges.delete(name);
        } else if (kind === 'drop') {
          const others = [actor, (actor + 1) % 6];
          index.drop(others);
          for (const other of others) model.set(other, new Set());
        } else {
          const several = new Set([name, user(`author${(author + 1) % 6}`)]);
          index.register(actor, several);
          for (const each of several) edges.add(each);
        }
      }
      for (let author = 0; author <= 5; author++) {
        const name = user(`author${author}`);
        const visited: number[] = [];
        index.forEach(name, (actor) => visited.push(actor));
        const expected = [...model].filter(([, edges]) => edges.has(name)).map(([actor]) => actor);
        if (visited.toSorted((a, b) => a - b).join() !== expected.join()) return false;
        if (!expected.every((actor) => index.has(actor, name))) return false;
      }
      index.drop([0, 1, 2, 3, 4, 5]);
      return index.authorCount === 0 && slab.wordsInUse === 0;
    }),
  );
  t.pass();
});
