import test from 'ava';
import fc from 'fast-check';
import { composeId, EPOCH_MS, IdSource, idAt, parseId, type PostId, timeOfId, RevisionSource } from '../src/ids.ts';

test('text order is number order is time order, and the time can be read back', (t) => {
  const part = fc.record({
    ms: fc.integer({ min: EPOCH_MS, max: EPOCH_MS + 2 ** 41 - 1 }),
    slot: fc.integer({ min: 0, max: 1023 }),
    sequence: fc.integer({ min: 0, max: 4095 }),
  });
  fc.assert(
    fc.property(part, part, (a, b) => {
      const left = composeId<PostId>(a.ms, a.slot, a.sequence);
      const right = composeId<PostId>(b.ms, b.slot, b.sequence);
      const expected = Math.sign(a.ms - b.ms || a.slot - b.slot || a.sequence - b.sequence);
      const actual = left < right ? -1 : left > right ? 1 : 0;
      return actual === expected && timeOfId(left) === a.ms && parseId(left) === left && idAt<PostId>(a.ms) <= left;
    }),
  );
  t.pass();
});

test('the digits of an id are those of its number', (t) => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (number) => {
      const ms = Number(number >> 22n);
      const id = composeId<PostId>(EPOCH_MS + ms, Number((number >> 12n) & 1023n), Number(number & 4095n));
      const digits = Array.from({ length: 13 }, (_, place) => Number((number >> BigInt(5 * (12 - place))) & 31n));
      return id === digits.map((digit) => '0123456789abcdefghjkmnpqrstvwxyz'.charAt(digit)).join('');
    }),
  );
  const lowest: string = composeId<PostId>(EPOCH_MS - 1, 0, 0);
  t.is(lowest, '0000000000000');
  const highest: string = composeId<PostId>(EPOCH_MS + 2 ** 41 - 1, 1023, 4095);
  t.is(highest, '7zzzzzzzzzzzz');
});

test('a source never repeats and never goes back, whatever the clock does', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5_000, max: 5_000 }), { maxLength: 200 }), (steps) => {
      let now = EPOCH_MS + 1_000_000;
      const source = new IdSource({ now: () => now }, 7, now + 1000);
      let last = idAt<PostId>(now + 1000);
      for (const step of steps) {
        now += step;
        for (let count = 0; count < 40; count++) {
          const id = source.next<PostId>();
          if (id <= last) return false;
          last = id;
        }
      }
      return true;
    }),
  );
  t.pass();
});

test('what is not an id is refused', (t) => {
  for (const text of ['', '0', '8zzzzzzzzzzzz', '0123456789abi', '0123456789ABC', '../../etc/pass', '0123456789abcd']) {
    t.is(parseId(text), null, text);
  }
});

test('above a revision that was read there is room for one late write that loses', (t) => {
  const revisions = new RevisionSource({ now: () => 1 });
  const read = 5_000_000;
  revisions.observe(read);
  t.true(revisions.next() > read + 1);
});
