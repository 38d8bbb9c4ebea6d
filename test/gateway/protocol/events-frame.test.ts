import test from 'ava';
import fc from 'fast-check';
import { EPOCH_LENGTH } from '../../../src/actors/live/session.ts';
import { EventsFrameEncoder } from '../../../src/gateway/protocol/events-frame.ts';
import { batchOf } from '../../support/live.ts';

const events = [
  [{ id: 'a', data: 'x' }],
  [
    { id: 'b', data: 'ü🌄' },
    { id: 'c', data: null },
  ],
  [{ id: 'd', data: 'y'.repeat(50_000) }],
].map((list) => ({ list, eventsJson: Buffer.from(list.map((event) => JSON.stringify(event)).join(',')) }));

const batch = fc.record({
  which: fc.integer({ min: 0, max: events.length - 1 }),
  epoch: fc.oneof(
    fc.constantFrom('e0000000001', 'e0000000002'),
    fc.string({
      unit: fc.constantFrom('0', '7', 'a', 'k', 'z'),
      minLength: EPOCH_LENGTH,
      maxLength: EPOCH_LENGTH,
    }),
  ),
  seq: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.maxSafeNat()),
  cursor: fc.oneof(fc.constantFrom('c1', 'c2', 'cursor'), fc.string()),
});

test('whatever was encoded before, a frame is exactly its batch', (t) => {
  fc.assert(
    fc.property(fc.array(batch, { minLength: 1, maxLength: 30 }), (batches) => {
      const encoder = new EventsFrameEncoder();
      for (const { which, epoch, seq, cursor } of batches) {
        const chosen = events[which];
        if (chosen === undefined) return false;
        const { eventsJson, list } = chosen;
        const frame = encoder.encode(batchOf({ epoch, seq, cursor, count: list.length, eventsJson }));
        const value: unknown = JSON.parse(Buffer.from(frame).toString());
        t.deepEqual(value, { t: 'events', epoch, seq, cursor, events: list });
      }
      return true;
    }),
  );
});

test('a frame that differs only in its position is patched in place', (t) => {
  const encoder = new EventsFrameEncoder();
  const { eventsJson } = events[0] ?? { eventsJson: Buffer.alloc(0) };
  const first = encoder.encode(batchOf({ epoch: 'e0000000001', seq: 9, cursor: 'c1', count: 1, eventsJson }));
  const second = encoder.encode(batchOf({ epoch: 'e0000000002', seq: 10, cursor: 'c2', count: 1, eventsJson }));
  t.is(first, second);
});
