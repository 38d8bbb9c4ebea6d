/** How the systems under test are spoken to: paths, first frames, and what an incoming frame is. */
import type { ClientIdentity, DialectName, Greeting } from './load-calls.ts';

/** What a client must keep to come back. */
export interface Position {
  /** As JSON: the welcome of the native protocol, the connect packet of socket.io. */
  welcome: Readonly<Record<string, unknown>> | null;
  /** Of the last event in order. */
  seq: number;
  /** socket.io's mark of the last packet. */
  offset: string;
}

export type FrameKind = 'welcome' | 'events' | 'ping' | 'greet' | 'other';

export interface Dialect {
  readonly path: string;
  /** The upgrade's `Sec-WebSocket-Protocol`. */
  subprotocol(identity: ClientIdentity, greeting: Greeting, position: Position): string | null;
  /** Sent as soon as the upgrade is accepted; null: nothing. */
  firstFrame(identity: ClientIdentity, greeting: Greeting, position: Position): string | null;
  kindOf(bytes: Buffer, start: number): FrameKind;
  /** Sent in answer to `greet`. */
  greeting(identity: ClientIdentity, greeting: Greeting, position: Position): string;
  welcome(bytes: Buffer, start: number, end: number): Position;
  /** Notes the position after a frame with `count` events. False if the system's own numbering has a break. */
  advance(position: Position, count: number, frame: { bytes: Buffer; start: number; end: number }): boolean;
  /** Frame that acknowledges up to `seq`; null where the system knows no such thing. */
  acknowledgement(seq: number): string | null;
}

const SEQ = Buffer.from('"seq":');
const PROTOCOL = 'shutterline.v1';
/** As the product's own client says it. */
const CAPS = { caps: ['deflate'] };
const LETTER = { e: 0x65, w: 0x77 } as const;
const DIGIT = { zero: 0x30, two: 0x32, four: 0x34 } as const;
/** Place of the type's first letter in `{"t":"events"`. */
const TYPE_AT = 6;

function jsonOf(bytes: Buffer, start: number, end: number): Record<string, unknown> {
  return JSON.parse(bytes.toString('utf8', start, end)) as Record<string, unknown>;
}

function typed(bytes: Buffer, start: number): FrameKind {
  const letter = bytes[start + TYPE_AT];
  // `events` and `error` begin alike.
  if (letter === LETTER.e) return bytes[start + TYPE_AT + 1] === 0x76 ? 'events' : 'other';
  return letter === LETTER.w ? 'welcome' : 'other';
}

function numberAfter(bytes: Buffer, at: number): number {
  let value = 0;
  for (let place = at; ; place++) {
    const code = bytes[place] ?? 0;
    if (code === 0x20) continue;
    if (code < 0x30 || code > 0x39) return value;
    value = value * 10 + (code - 0x30);
  }
}

function resumeFields({ welcome, seq }: Position): Record<string, unknown> {
  return { epoch: welcome?.['epoch'], seq, cursor: welcome?.['cursor'] };
}

const native: Dialect = {
  path: '/v1/live',
  subprotocol(_identity, greeting, position) {
    if (greeting !== 'resume-header') return PROTOCOL;
    const fields = { ticket: position.welcome?.['ticket'], ...resumeFields(position), ...CAPS };
    return `${PROTOCOL}, resume.${Buffer.from(JSON.stringify(fields)).toString('base64url')}`;
  },
  firstFrame({ token, device }, greeting, position) {
    if (greeting === 'resume-header') return null;
    if (greeting === 'token') return JSON.stringify({ t: 'hello', token, device, ...CAPS });
    return JSON.stringify({
      t: 'hello',
      ...CAPS,
      ticket: position.welcome?.['ticket'],
      resume: resumeFields(position),
    });
  },
  kindOf: typed,
  greeting: () => '',
  welcome(bytes, start, end) {
    const welcome = jsonOf(bytes, start, end);
    return { welcome, seq: Number(welcome['seq']), offset: '' };
  },
  advance(position, count, { bytes, start }) {
    const first = numberAfter(bytes, bytes.indexOf(SEQ, start) + SEQ.length);
    const unbroken = first === position.seq + 1;
    position.seq = first + count - 1;
    return unbroken;
  },
  acknowledgement: (seq) => `{"t":"ack","seq":${seq}}`,
};

const plain: Dialect = {
  path: '/live',
  subprotocol: () => null,
  firstFrame: ({ token, device }) => JSON.stringify({ t: 'hello', token, device }),
  kindOf: typed,
  greeting: () => '',
  welcome: (bytes, start, end) => ({ welcome: jsonOf(bytes, start, end), seq: 0, offset: '' }),
  advance: () => true,
  acknowledgement: () => null,
};

const socketio: Dialect = {
  path: '/socket.io/?EIO=4&transport=websocket',
  subprotocol: () => null,
  firstFrame: () => null,
  kindOf(bytes, start) {
    const first = bytes[start];
    if (first === DIGIT.zero) return 'greet';
    if (first === DIGIT.two) return 'ping';
    if (first !== DIGIT.four) return 'other';
    const second = bytes[start + 1];
    if (second === DIGIT.zero) return 'welcome';
    return second === DIGIT.two ? 'events' : 'other';
  },
  greeting({ token }, greeting, { welcome, offset }) {
    if (greeting === 'token') return `40${JSON.stringify({ token })}`;
    return `40${JSON.stringify({ token, pid: welcome?.['pid'], offset })}`;
  },
  welcome(bytes, start, end) {
    return { welcome: jsonOf(bytes, start + 2, end), seq: 0, offset: '' };
  },
  advance(position, _count, { bytes, start, end }) {
    // `42["events",{…},"<offset>"]` where recovery is on.
    const close = end - 2;
    if (bytes[close] !== 0x22) return true;
    const open = bytes.lastIndexOf(0x22, close - 1);
    if (open > start) position.offset = bytes.toString('latin1', open + 1, close);
    return true;
  },
  acknowledgement: () => null,
};

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { native, plain, socketio };

export function dialectOf(name: DialectName): Dialect {
  return DIALECTS[name];
}
