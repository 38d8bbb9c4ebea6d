import test from 'ava';
import fc from 'fast-check';
import {
  encodeChildMessage,
  encodeFrame,
  FrameReader,
  parseChildMessage,
} from '../../../src/media/renditions/rendition-messages.ts';

const ownMemory = (bytes: number): Buffer => Buffer.alloc(bytes);

const facts = { width: 3000, height: 4000, thumbHash: 'GzkONQ==', dominantColor: '#284469' };
const rendition = {
  kind: 'rendition',
  facts,
  size: 640,
  format: 'webp',
  width: 640,
  height: 853,
  bytes: Buffer.from('picture'),
} as const;

test('frames arrive whole, wherever the stream was cut', (t) => {
  const frame = fc.record({ head: fc.jsonValue({ maxDepth: 2 }), body: fc.uint8Array({ maxLength: 300 }) });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 6 }), fc.array(fc.nat(400), { maxLength: 8 }), (frames, cuts) => {
      const stream = Buffer.concat(frames.flatMap(({ head, body }) => encodeFrame(head, body)));
      const reader = new FrameReader(ownMemory);
      const read: { head: string; body: string }[] = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        const chunk = stream.subarray(at, at + cut);
        for (const { head, body } of reader.push(chunk))
          read.push({ head: JSON.stringify(head), body: body.toString('hex') });
        at += chunk.length;
      }
      const sent = frames.map(({ head, body }) => ({
        head: JSON.stringify(head),
        body: Buffer.from(body).toString('hex'),
      }));
      t.deepEqual(read, sent);
    }),
  );
});

test('a frame larger than allowed is refused by its first eight bytes', (t) => {
  t.throws(() => new FrameReader(ownMemory).push(Buffer.from('ffffffff00000000', 'hex')));
  t.throws(() => new FrameReader(ownMemory).push(Buffer.from('00000002ffffffff', 'hex')));
});

test('what a child says is understood, and nothing else is', (t) => {
  for (const message of [
    rendition,
    { kind: 'done' },
    { kind: 'started' },
    { kind: 'refused', reason: 'no' },
  ] as const) {
    const [frame] = new FrameReader(ownMemory).push(Buffer.concat(encodeChildMessage(message)));
    t.deepEqual(frame && parseChildMessage(frame), message);
  }
  const { bytes: body, ...good } = rendition;
  const lies: unknown[] = [
    null,
    'done',
    {},
    { kind: 'execute' },
    { kind: 'refused', reason: 7 },
    { ...good, size: 999 },
    { ...good, format: 'svg' },
    { ...good, width: -1 },
    { ...good, height: 1.5 },
    { ...good, facts: null },
    { ...good, facts: { ...facts, width: 1e12 } },
    { ...good, facts: { ...facts, thumbHash: '<script>' } },
    { ...good, facts: { ...facts, dominantColor: 'red' } },
  ];
  for (const head of lies) t.is(parseChildMessage({ head, body }), null, JSON.stringify(head));
});
