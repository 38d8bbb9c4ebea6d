/**
 * WebSocket frames (RFC 6455) of a client that has nothing to hide: cut out of a byte stream without copying where the
 * stream allows, and made with the masking key 0, under which the masked bytes are the bytes themselves.
 */
export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const MASKED = 0x80;
const FINAL = 0x80;
const FRAME_BYTES_MAX = 16 * 1024 * 1024;

/** A client's frame. */
export function clientFrame(opcode: number, payload: string | Buffer): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const extended = body.length < 126 ? 0 : body.length < 65_536 ? 2 : 8;
  const frame = Buffer.alloc(2 + extended + 4 + body.length);
  frame[0] = FINAL | opcode;
  frame[1] = MASKED | (extended === 0 ? body.length : extended === 2 ? 126 : 127);
  if (extended === 2) frame.writeUInt16BE(body.length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(body.length), 2);
  body.copy(frame, 2 + extended + 4);
  return frame;
}

/** Where a server's frame stands in a buffer; null while its head is not complete. */
export interface FramePlace {
  readonly opcode: number;
  readonly start: number;
  readonly end: number;
}

/** Throws for what no server sends to us: fragments, masked frames, more than 16 MiB. */
export function locateFrame(bytes: Buffer, offset: number): FramePlace | null {
  if (bytes.length - offset < 2) return null;
  const first = bytes[offset] ?? 0;
  const second = bytes[offset + 1] ?? 0;
  if ((first & FINAL) === 0) throw new Error('a fragmented message, which this client does not read');
  if ((second & MASKED) !== 0) throw new Error('a masked frame from a server');
  let length = second;
  let start = offset + 2;
  if (length === 126) {
    if (bytes.length - offset < 4) return null;
    length = bytes.readUInt16BE(start);
    start += 2;
  } else if (length === 127) {
    if (bytes.length - offset < 10) return null;
    length = Number(bytes.readBigUInt64BE(start));
    start += 8;
  }
  if (length > FRAME_BYTES_MAX) throw new Error(`a frame of ${length} bytes`);
  return { opcode: first & 0x0f, start, end: start + length };
}

export type FrameListener = (opcode: number, bytes: Buffer, start: number, end: number) => void;

/** Cuts a stream into frames. What is handed out is valid during the call only. */
export class FrameCutter {
  private rest: Buffer | null = null;

  push(chunk: Buffer, listener: FrameListener): void {
    const bytes = this.rest === null ? chunk : Buffer.concat([this.rest, chunk]);
    let offset = 0;
    for (;;) {
      const place = locateFrame(bytes, offset);
      if (place === null || place.end > bytes.length) break;
      listener(place.opcode, bytes, place.start, place.end);
      offset = place.end;
    }
    // A copy: the chunk's memory is reused by the next read.
    this.rest = offset === bytes.length ? null : Buffer.from(bytes.subarray(offset));
  }
}
