/**
 * What one frame says. Text is a message as it stands. A binary frame holds events that were compressed once for many
 * connections: a message without its `events`, a line feed, and the list of events in the zlib format (RFC 1950).
 */
import type { EventsMessage, ServerMessage, WireEvent } from './wire.ts';

/** `bytes`: over the wire, at most. */
export type Frame =
  | { readonly kind: 'message'; readonly message: ServerMessage; readonly bytes: number }
  | {
      readonly kind: 'deflated';
      readonly header: EventsHeader;
      readonly body: Uint8Array<ArrayBuffer>;
      readonly bytes: number;
    };

type EventsHeader = Omit<EventsMessage, 'events'>;

const LINE_FEED = 0x0a;
const NOT_ASCII = /[\u0080-\uffff]/;

/** Null for what is not of the documented form. `data`: as a WebSocket hands it on. */
export function readFrame(data: unknown): Frame | null {
  if (typeof data === 'string') {
    const message = parse(data);
    return isMessage(message) ? { kind: 'message', message, bytes: bytesAtMost(data) } : null;
  }
  return data instanceof ArrayBuffer ? readBinary(new Uint8Array(data)) : null;
}

/** `text`: what the body was inflated to. Null when it is not a list. */
export function withEvents(header: EventsHeader, text: string): EventsMessage | null {
  const events = parse(text);
  return Array.isArray(events) ? { ...header, events: events as readonly WireEvent[] } : null;
}

function readBinary(data: Uint8Array<ArrayBuffer>): Frame | null {
  const end = data.indexOf(LINE_FEED);
  if (end < 0) return null;
  const header = parse(data.subarray(0, end));
  if (!isMessage(header) || header.t !== 'events') return null;
  const { t, epoch, seq, cursor } = header;
  const documented = typeof epoch === 'string' && Number.isSafeInteger(seq) && seq >= 0 && typeof cursor === 'string';
  if (!documented || 'events' in header) return null;
  return { kind: 'deflated', header: { t, epoch, seq, cursor }, body: data.subarray(end + 1), bytes: data.length };
}

function isMessage(value: unknown): value is ServerMessage {
  return typeof value === 'object' && value !== null && typeof (value as { t?: unknown }).t === 'string';
}

/** Undefined for what is not JSON. */
function parse(json: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof json === 'string' ? json : new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch {
    return undefined;
  }
}

/** The server counts bytes: what is not ASCII takes up to three for each unit of a string. */
function bytesAtMost(text: string): number {
  return NOT_ASCII.test(text) ? text.length * 3 : text.length;
}
