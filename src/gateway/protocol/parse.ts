/**
 * What a client sends, checked before anything else looks at it. Everything not of the documented form is refused with
 * `protocol-error`; fields that are not documented are ignored, so that newer clients can speak to older servers.
 */
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { ClientMessage, ResumePoint } from './messages.ts';

export type Hello = Omit<Extract<ClientMessage, { t: 'hello' }>, 't'>;
export type OperationMessage = Omit<Extract<ClientMessage, { t: 'op' }>, 't'>;

type Fields = Readonly<Record<string, unknown>>;

/** Opaque texts (epoch, cursor) that were ours are printable ASCII and short. */
const OPAQUE_PATTERN = /^[\x21-\x7e]{1,256}$/;
const CAPABILITIES_MAX = 16;
/** What stands before the number in an acknowledgement as clients spell it. */
const PLAIN_ACK = Uint8Array.from(Buffer.from('{"t":"ack","seq":'));
/** Whole numbers of so many digits are all exact. */
const PLAIN_DIGITS_MAX = 15;
const ZERO = 0x30;
const CLOSING_BRACE = 0x7d;

function refuse(detail: string): never {
  throw new Problem('protocol-error', { detail });
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${what} must be an object`);
  return value as Fields;
}

function text(fields: Fields, name: string, charactersMax: number): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '' || value.length > charactersMax) {
    refuse(`\`${name}\` must be a text of 1 to ${charactersMax} characters`);
  }
  return value;
}

function optionalText(fields: Fields, name: string, charactersMax: number): string | undefined {
  return fields[name] === undefined ? undefined : text(fields, name, charactersMax);
}

function sequence(fields: Fields): number {
  const value = fields['seq'];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) refuse('`seq` must be a whole number');
  return value;
}

function opaque(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || !OPAQUE_PATTERN.test(value)) refuse(`\`${name}\` was not made by this server`);
  return value;
}

function resumePoint(value: unknown): ResumePoint {
  const fields = fieldsOf(value, '`resume`');
  return { epoch: opaque(fields, 'epoch'), seq: sequence(fields), cursor: opaque(fields, 'cursor') };
}

function capabilities(value: unknown): readonly string[] {
  const valid =
    Array.isArray(value) &&
    value.length <= CAPABILITIES_MAX &&
    value.every((item) => typeof item === 'string' && item.length <= limits.topicCharactersMax);
  if (!valid) refuse(`\`caps\` must be a list of at most ${CAPABILITIES_MAX} short texts`);
  return value as string[];
}

/** `resume`: where the hello has its position, if not in a field of that name. */
export function parseHello(value: unknown, resume?: unknown): Hello {
  const fields = fieldsOf(value, 'hello');
  const token = optionalText(fields, 'token', limits.tokenCharactersMax);
  const ticket = optionalText(fields, 'ticket', limits.tokenCharactersMax);
  if ((token === undefined) === (ticket === undefined)) refuse('hello carries exactly one of `token` and `ticket`');
  const device = optionalText(fields, 'device', limits.deviceCharactersMax);
  if (token !== undefined && device === undefined) refuse('hello with a `token` names its `device`');
  const position = resume ?? fields['resume'];
  // Filled field by field: tens of thousands come at once after an outage, and spreads cost a microsecond each.
  const hello: { -readonly [Field in keyof Hello]: Hello[Field] } = {};
  if (token !== undefined) hello.token = token;
  if (ticket !== undefined) hello.ticket = ticket;
  if (device !== undefined) hello.device = device;
  if (position !== undefined) hello.resume = resumePoint(position);
  if (fields['caps'] !== undefined) hello.caps = capabilities(fields['caps']);
  return hello;
}

export function parseOperation(value: unknown): Omit<OperationMessage, 'id'> {
  const fields = fieldsOf(value, 'op');
  const key = optionalText(fields, 'key', limits.idempotencyKeyCharactersMax);
  return {
    op: text(fields, 'op', limits.topicCharactersMax),
    ...(fields['params'] === undefined ? {} : { params: fields['params'] }),
    ...(key === undefined ? {} : { key }),
  };
}

export function parseTopics(value: unknown): readonly string[] {
  const topics = fieldsOf(value, 'the message')['topics'];
  const valid =
    Array.isArray(topics) &&
    topics.length <= limits.watchedTopicsPerSession &&
    topics.every((topic) => typeof topic === 'string' && topic !== '' && topic.length <= limits.topicCharactersMax);
  if (!valid) refuse(`\`topics\` must be a list of at most ${limits.watchedTopicsPerSession} short texts`);
  return topics as string[];
}

export function parseAcknowledgement(value: unknown): number {
  return sequence(fieldsOf(value, 'ack'));
}

export function parseAuth(value: unknown): string {
  return text(fieldsOf(value, 'auth'), 'token', limits.tokenCharactersMax);
}

/**
 * A text frame of the native endpoint. Most frames that a server gets are acknowledgements, as every client spells them:
 * those are read from the bytes, without a string or an object of JSON. Every other spelling goes the general way.
 */
export function parseFrame(frame: Uint8Array<ArrayBuffer>): ClientMessage {
  const seq = plainAcknowledgement(frame);
  return seq < 0 ? parseText(Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString()) : { t: 'ack', seq };
}

/** The number in `{"t":"ack","seq":<digits>}`; −1 for a frame that is spelt otherwise by a single byte. */
function plainAcknowledgement(frame: Uint8Array): number {
  const end = frame.length - 1;
  const digits = end - PLAIN_ACK.length;
  if (digits < 1 || digits > PLAIN_DIGITS_MAX || frame[end] !== CLOSING_BRACE) return -1;
  for (let at = 0; at < PLAIN_ACK.length; at++) {
    if (frame[at] !== PLAIN_ACK[at]) return -1;
  }
  // JSON knows no leading zeros: the general way refuses them.
  if (digits > 1 && frame[PLAIN_ACK.length] === ZERO) return -1;
  let seq = 0;
  for (let at = PLAIN_ACK.length; at < end; at++) {
    const digit = (frame[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    seq = seq * 10 + digit;
  }
  return seq;
}

/** Any message, from its JSON. */
export function parseText(frame: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    refuse('the frame is not JSON');
  }
  const fields = fieldsOf(value, 'a message');
  switch (fields['t']) {
    case 'ack':
      return { t: 'ack', seq: sequence(fields) };
    case 'op':
      return { t: 'op', id: text(fields, 'id', limits.callIdCharactersMax), ...parseOperation(fields) };
    case 'hello':
      return { t: 'hello', ...parseHello(fields) };
    case 'watch':
      return { t: 'watch', topics: parseTopics(fields) };
    case 'unwatch':
      return { t: 'unwatch', topics: parseTopics(fields) };
    case 'auth':
      return { t: 'auth', token: parseAuth(fields) };
    default:
      return refuse('`t` is not a message type of this version');
  }
}
