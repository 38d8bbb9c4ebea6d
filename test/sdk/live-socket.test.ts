/** One connection: frames in order while some of them are inflated, and nothing after its end. */
import test from 'ava';
import { clientLimits } from '../../sdk/limits.ts';
import { GIVEN_UP, LiveSocket } from '../../sdk/live-socket.ts';
import type { EventsMessage, ServerMessage } from '../../sdk/wire.ts';
import { postEvent } from '../support/scripted-live-server.ts';
import { deflatedFrame, turn, VirtualPlatform, type VirtualSocket } from '../support/virtual-platform.ts';

const HEADER = '{"t":"events","epoch":"e","seq":  7,"cursor":"c"}';

const events = (seq: number): EventsMessage => ({
  t: 'events',
  epoch: 'e',
  seq,
  cursor: 'c',
  events: [postEvent(seq)],
});
const result = (id: string): ServerMessage => ({ t: 'result', id, ok: true, result: null });

/** A connection that is open, whose inflations take 100 ms, and what it told. */
function openSocket(platform = new VirtualPlatform()) {
  platform.inflateMs = () => 100;
  const told: (string | number)[] = [];
  const sizes: number[] = [];
  const application = { message: (): void => undefined };
  let socket: VirtualSocket | undefined;
  platform.onSocket = (opened) => {
    socket = opened;
  };
  const target = { url: 'wss://example.test/v1/live', protocols: [], hello: null };
  const live = new LiveSocket(platform, target, {
    message(message, bytes) {
      told.push(message.t === 'events' ? `${message.seq}: ${message.events.map(({ id }) => id).join()}` : message.t);
      sizes.push(bytes);
      application.message();
    },
    unreadable: () => told.push('unreadable'),
    ended: (code) => told.push(code),
  });
  if (socket === undefined) throw new Error('no socket was opened');
  socket.accept();
  return { platform, live, socket, told, sizes, application };
}

test('text is handed on at once while nothing is inflated', (t) => {
  const { socket, told } = openSocket();
  socket.push(result('1'));
  t.deepEqual(told, ['result']);
  socket.push(events(1));
  socket.cut(4008);
  t.deepEqual(told, ['result', '1: post.new:1', 4008]);
});

test('a deflated frame says the same as the text, and counts as many bytes as came over the wire', async (t) => {
  const { platform, socket, told, sizes } = openSocket();
  const frame = deflatedFrame(HEADER, JSON.stringify([postEvent(7), { ...postEvent(8), data: 'é'.repeat(1000) }]));
  socket.pushBytes(frame);
  await platform.run(100);
  t.deepEqual(told, ['7: post.new:7,post.new:8']);
  t.deepEqual(sizes, [frame.length]);
});

test('what arrives while a frame is inflated waits behind it, the end of the connection too', async (t) => {
  const { platform, socket, told } = openSocket();
  socket.pushDeflated(events(1));
  socket.push(events(2));
  socket.push(result('1'));
  socket.pushDeflated(events(3));
  socket.push(result('2'));
  socket.cut(4410);
  await platform.run(99);
  t.deepEqual(told, []);
  await platform.run(1);
  t.deepEqual(told, ['1: post.new:1', '2: post.new:2', 'result']);
  await platform.run(100);
  t.deepEqual(told.slice(3), ['3: post.new:3', 'result', 4410]);
  t.is(platform.waiting, 0);
});

test('one frame is inflated at a time, and text goes straight through again afterwards', async (t) => {
  const { platform, socket, told } = openSocket();
  for (const seq of [1, 2, 3]) socket.pushDeflated(events(seq));
  t.is(platform.inflating, 1);
  await platform.run(300);
  t.is(platform.inflating, 0);
  socket.push(events(4));
  t.deepEqual(told, ['1: post.new:1', '2: post.new:2', '3: post.new:3', '4: post.new:4']);
});

for (const how of ['abandon', 'end'] as const) {
  test(`nothing is told after \`${how}\`, though a frame was being inflated and others waited`, async (t) => {
    const { platform, live, socket, told } = openSocket();
    socket.pushDeflated(events(1));
    socket.push(result('1'));
    live[how](GIVEN_UP);
    const then = [...told];
    await platform.run(1000);
    t.deepEqual(told, then);
    t.deepEqual(told, how === 'end' ? [GIVEN_UP] : []);
  });
}

test('a handler that ends the connection hears of nothing that waited', async (t) => {
  const { platform, socket, live, told, application } = openSocket();
  application.message = () => live.abandon();
  socket.pushDeflated(events(1));
  socket.push(result('1'));
  await platform.run(1000);
  t.deepEqual(told, ['1: post.new:1']);
});

test('a handler that throws holds up nothing that waits', (t) => {
  const platform = new VirtualPlatform();
  // Settles in the hands of the test, where what is thrown can be caught.
  const inflation = Promise.resolve('');
  let settle = (_text: string): void => undefined;
  Reflect.set(inflation, 'then', (then: typeof settle) => {
    settle = then;
  });
  platform.inflate = () => inflation;
  const { socket, told, application } = openSocket(platform);
  application.message = () => {
    throw new Error('a mistake');
  };
  socket.pushDeflated(events(1));
  socket.push(result('1'));
  socket.cut(4410);
  t.throws(() => settle('[]'), { message: 'a mistake' });
  t.deepEqual(told, ['1: ', 'result', 4410]);
});

const ARRAY = JSON.stringify([postEvent(7)]);
const whole = deflatedFrame(HEADER, ARRAY);
for (const [what, frame] of [
  ['no line feed', Buffer.from(HEADER)],
  ['nothing at all', Buffer.alloc(0)],
  ['a header that is no JSON', deflatedFrame(HEADER.slice(1), ARRAY)],
  [
    'a header that is not UTF-8',
    Buffer.concat([
      Buffer.from('{"t":"events","epoch":"'),
      Buffer.of(0xe9),
      Buffer.from('","seq":7,"cursor":"c"}\n'),
      whole.subarray(HEADER.length + 1),
    ]),
  ],
  ['a header of another message', deflatedFrame('{"t":"behind","epoch":"e","seq":7,"cursor":"c"}', ARRAY)],
  ['a header without an epoch', deflatedFrame('{"t":"events","seq":7,"cursor":"c"}', ARRAY)],
  ['a header without a cursor', deflatedFrame('{"t":"events","epoch":"e","seq":7}', ARRAY)],
  ['a header whose number is a text', deflatedFrame('{"t":"events","epoch":"e","seq":"7","cursor":"c"}', ARRAY)],
  ['a header with a negative number', deflatedFrame('{"t":"events","epoch":"e","seq":-1,"cursor":"c"}', ARRAY)],
  ['a header with events', deflatedFrame('{"t":"events","epoch":"e","seq":7,"cursor":"c","events":[]}', ARRAY)],
  ['a body that is not compressed', Buffer.from(`${HEADER}\n${ARRAY}`)],
  ['a body that is empty', Buffer.from(`${HEADER}\n`)],
  ['a body that is cut off', whole.subarray(0, -5)],
  ['a body with a wrong checksum', Buffer.concat([whole.subarray(0, -1), Buffer.of((whole.at(-1) ?? 0) ^ 1)])],
  ['a body that holds no JSON', deflatedFrame(HEADER, '[{')],
  ['a body that holds no list', deflatedFrame(HEADER, '{"events":[]}')],
  ['a body that is not UTF-8', deflatedFrame(HEADER, Buffer.from(`["é"]`, 'latin1'))],
  ['a body that inflates to a mebibyte', deflatedFrame(HEADER, `[${' '.repeat(2 ** 20)}]`)],
] as const) {
  test(`a binary frame is given up: ${what}`, async (t) => {
    const { platform, socket, told } = openSocket();
    socket.pushDeflated(events(6));
    socket.pushBytes(frame);
    socket.push(events(8));
    await platform.run(1000);
    t.deepEqual(told, ['6: post.new:6', 'unreadable', GIVEN_UP]);
    t.is(platform.waiting, 0);
  });
}

test('a binary frame is given up where nothing can inflate it', async (t) => {
  const platform = new VirtualPlatform();
  platform.inflate = null;
  const { socket, told } = openSocket(platform);
  socket.pushDeflated(events(1));
  await turn();
  t.deepEqual(told, ['unreadable', GIVEN_UP]);
});

test('as many frames wait as may; one more, and the connection is given up', async (t) => {
  const { platform, socket, told } = openSocket();
  const fill = (): void => {
    socket.pushDeflated(events(1));
    for (let left = clientLimits.waitingFrames; left > 0; left--) socket.push(result('1'));
  };
  fill();
  await platform.run(100);
  t.is(told.length, 1 + clientLimits.waitingFrames);
  fill();
  socket.push(result('1'));
  await platform.run(100);
  t.deepEqual(told.slice(1 + clientLimits.waitingFrames), ['unreadable', GIVEN_UP]);
});

test('the end of the connection has room behind as many frames as may wait', async (t) => {
  const { platform, socket, told } = openSocket();
  socket.pushDeflated(events(1));
  for (let left = clientLimits.waitingFrames; left > 0; left--) socket.push(result('1'));
  socket.cut(4410);
  await platform.run(100);
  t.is(told.length, 2 + clientLimits.waitingFrames);
  t.is(told.at(-1), 4410);
});

test('something is heard when it arrives, not when its turn has come', async (t) => {
  const { platform, live, socket, told } = openSocket();
  socket.pushDeflated(events(1));
  await platform.run(50);
  const arrivedMs = platform.now();
  socket.push(events(2));
  t.deepEqual([told.length, live.heardMs], [0, arrivedMs]);
  await platform.run(100);
  t.deepEqual([told.length, live.heardMs], [2, arrivedMs]);
});
