import fc from 'fast-check';
import test from 'ava';
import { asProblem } from '../../../src/errors.ts';
import { parseFrame, parseText } from '../../../src/gateway/protocol/parse.ts';

type Verdict = { readonly message: unknown } | { readonly refused: string };

function verdict(parse: () => unknown): Verdict {
  try {
    return { message: parse() };
  } catch (error) {
    return { refused: asProblem(error).message };
  }
}

/** Of the bytes, as the endpoint has them. */
function ofBytes(bytes: Uint8Array<ArrayBuffer>): Verdict {
  return verdict(() => parseFrame(bytes));
}

/** Of the text, by the general way only. */
function ofText(bytes: Uint8Array): Verdict {
  return verdict(() => parseText(Buffer.from(bytes).toString()));
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text));
}

/** Frames that are nearly acknowledgements in their plain form, and many that are. */
const digits = fc.oneof(
  fc.maxSafeNat().map(String),
  fc.nat({ max: 2000 }).map(String),
  fc.stringMatching(/^\d{0,20}$/),
  fc.stringMatching(/^[0-9eE+\-. ]{1,6}$/),
  fc.constantFrom(
    '',
    '0',
    '00',
    '01',
    '-0',
    '-1',
    '1.0',
    '1e3',
    '١',
    '9'.repeat(15),
    '9'.repeat(16),
    '9007199254740992',
  ),
);
const acknowledgements = fc
  .tuple(
    fc.constantFrom(
      '{"t":"ack","seq":',
      '{"t":"ack", "seq":',
      '{"seq":1,"t":"ack","seq":',
      '{"t":"ack","seq":"',
      '{"t":"ack","seq":',
    ),
    digits,
    fc.constantFrom('}', '}', '}', ' }', '} ', '}}', ',"seq":2}', ',"more":true}', '', '"}'),
  )
  .map((parts) => utf8(parts.join('')));
/** One byte is another, one is gone, or one came in between. */
const mutated = fc
  .tuple(acknowledgements, fc.nat(), fc.nat({ max: 255 }), fc.constantFrom('replace', 'remove', 'insert'))
  .map(([frame, place, byte, how]) => {
    const at = frame.length === 0 ? 0 : place % frame.length;
    const bytes = [...frame];
    bytes.splice(at, how === 'insert' ? 0 : 1, ...(how === 'remove' ? [] : [byte]));
    return Uint8Array.from(bytes);
  });
const others = fc.oneof(
  fc.json().map(utf8),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from(bytes)),
);

test('a frame of any bytes gets the verdict of its text, be it read the short way or the general one', (t) => {
  let short = 0;
  const property = fc.property(fc.oneof(acknowledgements, mutated, others), (frame) => {
    const expected = ofText(frame);
    if ('message' in expected) short++;
    t.deepEqual(ofBytes(frame), expected);
  });
  fc.assert(property, { numRuns: 20_000 });
  t.true(short > 1000, 'acknowledgements were among them');
});

test('a plain acknowledgement is read from a part of a larger buffer as well', (t) => {
  const buffer = utf8('xx{"t":"ack","seq":120}yy{"t":"ack", "seq":7}zz');
  t.deepEqual(parseFrame(buffer.subarray(2, 23)), { t: 'ack', seq: 120 });
  t.deepEqual(parseFrame(buffer.subarray(25, 45)), { t: 'ack', seq: 7 });
});

for (const [name, text] of [
  ['a leading zero', '{"t":"ack","seq":012}'],
  ['two zeros', '{"t":"ack","seq":00}'],
  ['a number that is not exact', '{"t":"ack","seq":9007199254740993}'],
  ['no number', '{"t":"ack","seq":}'],
  ['a letter in the number', '{"t":"ack","seq":1a}'],
  ['something behind it', '{"t":"ack","seq":1}}'],
] as const) {
  test(`an acknowledgement with ${name} is refused`, (t) => {
    t.throws(() => parseFrame(utf8(text)), { message: /JSON|whole number/ });
  });
}

test('the largest exact number is read, spaces and further fields are allowed, and the last of two numbers counts', (t) => {
  t.deepEqual(parseFrame(utf8('{"t":"ack","seq":9007199254740991}')), { t: 'ack', seq: Number.MAX_SAFE_INTEGER });
  t.deepEqual(parseFrame(utf8('{"t":"ack","seq":999999999999999}')), { t: 'ack', seq: 999_999_999_999_999 });
  t.deepEqual(parseFrame(utf8(' {"seq": 3, "t": "ack", "more": 1}')), { t: 'ack', seq: 3 });
  t.deepEqual(parseFrame(utf8('{"t":"ack","seq":1,"seq":2}')), { t: 'ack', seq: 2 });
});
