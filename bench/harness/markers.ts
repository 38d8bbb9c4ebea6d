/**
 * What the checker recognises an event by. Posts carry a caption `b:<stream>:<number>:<microseconds>;`, deletions a post id
 * made from stream and number, so that once-and-in-order is proved on what the user would see, not on the sequence
 * numbers of the system under test. A stream is one author; numbers count up by one.
 */
import { composeId, EPOCH_MS, type PostId, timeOfId } from '../../src/ids.ts';

const STREAM_DIGITS = 2;
const NUMBER_DIGITS = 8;
const TIME_DIGITS = 16;
const CAPTION_START = Buffer.from('"caption":"b:');
const EVENT_START = Buffer.from('{"id":"');
const ID_CHARACTERS = 13;
const COLON = 0x3a;
const QUOTE = 0x22;
const DELETED_TYPE = 'post.deleted';
/** Numbers of deletable posts count milliseconds from here. */
const DELETABLE_BASE_MS = EPOCH_MS + 1_000_000_000;
/** Slots of deletable posts: above those of anything else the bench makes. */
const DELETABLE_SLOT = 900;

export interface Marker {
  readonly stream: number;
  readonly number: number;
  /** Monotonic microseconds at which it was sent; 0 when unknown. */
  readonly sentAtUs: number;
}

export function markedCaption({ stream, number, sentAtUs }: Marker): string {
  const digits = (value: number, count: number): string => String(value).padStart(count, '0');
  return `b:${digits(stream, STREAM_DIGITS)}:${digits(number, NUMBER_DIGITS)}:${digits(sentAtUs, TIME_DIGITS)};`;
}

/** The post whose deletion is event `number` of the stream. */
export function deletablePostId(stream: number, number: number): PostId {
  return composeId<PostId>(DELETABLE_BASE_MS + number, DELETABLE_SLOT + stream, 0);
}

/** Monotonic, the same for all processes of the machine. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Visits every event of a frame; returns how many there were. Events without a marker count and are not visited. */
export function eachMarker(bytes: Buffer, start: number, end: number, visit: (marker: Marker) => void): number {
  let events = 0;
  for (let at = bytes.indexOf(EVENT_START, start); at >= 0 && at < end; at = bytes.indexOf(EVENT_START, at)) {
    at += EVENT_START.length;
    const colon = typeEnd(bytes, at, end);
    if (colon < 0) continue;
    events++;
    const type = bytes.toString('latin1', at, colon);
    const marker = type === DELETED_TYPE ? deletionMarker(bytes, colon + 1) : captionMarker(bytes, type, colon, end);
    if (marker !== null) visit(marker);
  }
  return events;
}

/** Where the event's type ends; −1 for the id of something else: those have no colon. */
function typeEnd(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (bytes[at] === COLON) return at;
    if (bytes[at] === QUOTE) return -1;
  }
  return -1;
}

function captionMarker(bytes: Buffer, type: string, from: number, end: number): Marker | null {
  if (type !== 'post.new' && type !== 'post.updated') return null;
  const found = bytes.indexOf(CAPTION_START, from);
  if (found < 0 || found >= end) return null;
  const stream = found + CAPTION_START.length;
  const number = stream + STREAM_DIGITS + 1;
  const time = number + NUMBER_DIGITS + 1;
  return {
    stream: digitsAt(bytes, stream, STREAM_DIGITS),
    number: digitsAt(bytes, number, NUMBER_DIGITS),
    sentAtUs: digitsAt(bytes, time, TIME_DIGITS),
  };
}

function deletionMarker(bytes: Buffer, at: number): Marker | null {
  const id = bytes.toString('latin1', at, at + ID_CHARACTERS) as PostId;
  const number = timeOfId(id) - DELETABLE_BASE_MS;
  for (let stream = 0; stream < 100; stream++) {
    if (deletablePostId(stream, number) === id) return { stream, number, sentAtUs: 0 };
  }
  return null;
}

function digitsAt(bytes: Buffer, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) value = value * 10 + ((bytes[at] ?? 0) - 0x30);
  return value;
}
