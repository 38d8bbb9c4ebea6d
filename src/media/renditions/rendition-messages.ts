/**
 * What the server and a decoding child say to each other, over one socket pair. The server believes nothing the child
 * says beyond this form: a child that was taken over by a photo can at worst send a wrong picture for that photo.
 *
 *   u32 length of head │ u32 length of body │ head: JSON │ body: bytes
 */
import { limits } from '../../limits.ts';
import { RENDITION_SIZES, type RenditionFormat, type RenditionSize } from '../media-keys.ts';

/** Of the upright picture as uploaded. */
export interface PhotoFacts {
  readonly width: number;
  readonly height: number;
  /** Base64. */
  readonly thumbHash: string;
  /** `#rrggbb`. */
  readonly dominantColor: string;
}

export interface RenderedPhoto {
  readonly facts: PhotoFacts;
  readonly size: RenditionSize;
  readonly format: RenditionFormat;
  readonly width: number;
  readonly height: number;
  readonly bytes: Buffer;
}

export type ChildMessage =
  | { readonly kind: 'started' }
  | ({ readonly kind: 'rendition' } & RenderedPhoto)
  | { readonly kind: 'done' }
  /** The photo can never be shown. `reason` is safe to show. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface Frame {
  readonly head: unknown;
  readonly body: Buffer;
}

const PREFIX_BYTES = 8;

export function encodeFrame(head: unknown, body: Uint8Array = Buffer.alloc(0)): Buffer[] {
  const text = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(text.length, 0);
  prefix.writeUInt32BE(body.byteLength, 4);
  return [prefix, text, Buffer.from(body.buffer, body.byteOffset, body.byteLength)];
}

export function encodeChildMessage(message: ChildMessage): Buffer[] {
  if (message.kind !== 'rendition') return encodeFrame(message);
  const { bytes, ...head } = message;
  return encodeFrame(head, bytes);
}

interface Body {
  readonly head: unknown;
  readonly bytes: Buffer;
  filled: number;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** Cuts a byte stream into frames. Throws when one is larger than allowed. */
export class FrameReader {
  private readonly memory: (bytes: number) => Buffer;
  /** Of a prefix and head that have not come whole. */
  private start = NOTHING;
  /** The one that is coming in. */
  private body: Body | null = null;

  /** `memory`: for a body of so many bytes. */
  constructor(memory: (bytes: number) => Buffer) {
    this.memory = memory;
  }

  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let rest = chunk;
    while (this.body !== null || rest.length > 0) {
      if (this.body === null) {
        const all = this.start.length === 0 ? rest : Buffer.concat([this.start, rest]);
        const headEnd = this.begin(all);
        this.start = headEnd === null ? all : NOTHING;
        rest = headEnd === null ? NOTHING : all.subarray(headEnd);
        continue;
      }
      const { head, bytes, filled } = this.body;
      const taken = rest.copy(bytes, filled);
      this.body.filled += taken;
      rest = rest.subarray(taken);
      if (this.body.filled < bytes.length) break;
      frames.push({ head, body: bytes });
      this.body = null;
    }
    return frames;
  }

  /** Where the body begins; null if the head has not come whole. */
  private begin(all: Buffer): number | null {
    if (all.length < PREFIX_BYTES) return null;
    const headBytes = all.readUInt32BE(0);
    const bodyBytes = all.readUInt32BE(4);
    if (headBytes > limits.renditionHeadBytesMax || bodyBytes > limits.renditionBytesMax) {
      throw new Error('a frame is larger than allowed');
    }
    const headEnd = PREFIX_BYTES + headBytes;
    if (all.length < headEnd) return null;
    const head: unknown = JSON.parse(all.toString('utf8', PREFIX_BYTES, headEnd));
    this.body = { head, bytes: bodyBytes === 0 ? NOTHING : this.memory(bodyBytes), filled: 0 };
    return headEnd;
  }
}

/** The message, or null when it is none: the child is then not to be trusted with anything. */
export function parseChildMessage({ head, body }: Frame): ChildMessage | null {
  if (!isRecord(head)) return null;
  switch (head['kind']) {
    case 'started':
    case 'done':
      return { kind: head['kind'] };
    case 'refused':
      return typeof head['reason'] === 'string' ? { kind: 'refused', reason: head['reason'].slice(0, 200) } : null;
    case 'rendition':
      return parseRendition(head, body);
    default:
      return null;
  }
}

function parseRendition(head: Readonly<Record<string, unknown>>, bytes: Buffer): ChildMessage | null {
  const { facts, size, format, width, height } = head;
  const known = RENDITION_SIZES.find((candidate) => candidate === size);
  if (known === undefined || (format !== 'jpeg' && format !== 'webp') || !isRecord(facts)) return null;
  const { thumbHash, dominantColor } = facts;
  if (!isSide(width) || !isSide(height) || !isSide(facts['width']) || !isSide(facts['height'])) return null;
  if (typeof thumbHash !== 'string' || !/^[A-Za-z0-9+/=]{4,64}$/.test(thumbHash)) return null;
  if (typeof dominantColor !== 'string' || !/^#[0-9a-f]{6}$/.test(dominantColor)) return null;
  const parsed = { width: facts['width'], height: facts['height'], thumbHash, dominantColor };
  return { kind: 'rendition', facts: parsed, size: known, format, width, height, bytes };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isSide(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= limits.photoPixelsMax;
}
