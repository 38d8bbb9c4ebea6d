import { deflateSync, inflateSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { EPOCH_LENGTH } from '../../../src/actors/live/session.ts';
import { DEFLATED_FORM, EventsFrameEncoder, TEXT_FORM } from '../../../src/gateway/protocol/events-frame.ts';
import { batchOf } from '../../support/live.ts';

const events = [
  [{ id: 'a', data: 'x' }],
  [
    { id: 'b', data: 'ü🌄' },
    { id: 'c', data: null },
  ],
  [{ id: 'd', data: 'y'.repeat(50_000) }],
].map((list) => ({
  list,
  eventsJson: Buffer.from(list.map((event) => JSON.stringify(event)).join(',')),
  deflated: deflateSync(JSON.stringify(list)),
}));

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
      const text = new EventsFrameEncoder(TEXT_FORM);
      const binary = new EventsFrameEncoder(DEFLATED_FORM);
      for (const { which, epoch, seq, cursor } of batches) {
        const chosen = events[which];
        if (chosen === undefined) return false;
        const { eventsJson, deflated, list } = chosen;
        const each = batchOf({ epoch, seq, cursor, count: list.length, eventsJson, deflated });
        const value: unknown = JSON.parse(Buffer.from(text.encode(each, eventsJson)).toString());
        t.deepEqual(value, { t: 'events', epoch, seq, cursor, events: list });
        const frame = Buffer.from(binary.encode(each, deflated));
        const lineFeed = frame.indexOf('\n');
        const header: unknown = JSON.parse(frame.toString('utf8', 0, lineFeed));
        t.deepEqual(header, { t: 'events', epoch, seq, cursor });
        t.deepEqual(JSON.parse(inflateSync(frame.subarray(lineFeed + 1)).toString()), list);
      }
      return true;
    }),
  );
});

test('a frame that differs only in its position is patched in place', (t) => {
  const encoder = new EventsFrameEncoder(TEXT_FORM);
  const { eventsJson } = events[0] ?? { eventsJson: Buffer.alloc(0) };
  const first = encoder.encode(
    batchOf({ epoch: 'e0000000001', seq: 9, cursor: 'c1', count: 1, eventsJson }),
    eventsJson,
  );
  const second = encoder.encode(
    batchOf({ epoch: 'e0000000002', seq: 10, cursor: 'c2', count: 1, eventsJson }),
    eventsJson,
  );
  t.is(first, second);
});
