/**
 * Encodes `events` frames into one reused buffer. Ten thousand followers of an author get the same events under another
 * epoch and sequence number: such a frame is the last one with a few bytes patched, not a new one.
 *
 *   {"t":"events","epoch":"<epoch>","seq":<16 characters, padded>,"cursor":"<cursor>","events":[<eventsJson>]}   text
 *   {"t":"events","epoch":"<epoch>","seq":<16 characters, padded>,"cursor":"<cursor>"}<line feed><deflated>      binary
 *                          ^ patched       ^ patched                        ^ patched           ^ copied when it changes
 *
 * The frame handed out is valid until the next call. Sameness of the events is identity of their buffer.
 */
import { limits } from '../../limits.ts';
import { EPOCH_LENGTH, type EventBatch } from '../../actors/live/session.ts';

const HEAD = '{"t":"events","epoch":"';
const BEFORE_SEQ = '","seq":';
const BEFORE_CURSOR = ',"cursor":"';
/** 2⁵³ − 1 has 16 digits; spaces before a number are legal JSON. */
const SEQ_CHARACTERS = 16;
const HEADER_BYTES_MAX = 1024;
const SPACE = 0x20;
const ZERO = 0x30;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export interface FrameForm {
  /** What stands between the cursor and the body. */
  readonly beforeBody: string;
  readonly tail: string;
}

export const TEXT_FORM: FrameForm = { beforeBody: '","events":[', tail: ']}' };
export const DEFLATED_FORM: FrameForm = { beforeBody: '"}\n', tail: '' };

export class EventsFrameEncoder {
  private readonly form: FrameForm;
  private buffer = Buffer.alloc(limits.eventsFrameBytesMax + HEADER_BYTES_MAX);
  private frame: Uint8Array = this.buffer.subarray(0, 0);
  private body: Buffer | null = null;
  private cursor = '';
  private seq = -1;

  constructor(form: FrameForm) {
    this.form = form;
  }

  /** `body`: the batch's events, in this encoder's form. */
  encode(batch: EventBatch, body: Buffer): Uint8Array {
    const { cursor, seq } = batch;
    if (body !== this.body || (cursor !== this.cursor && !this.patchCursor(cursor))) this.rebuild(batch, body);
    batch.writeEpoch(this.buffer, HEAD.length);
    if (seq !== this.seq) this.writeSeq(HEAD.length + EPOCH_LENGTH + BEFORE_SEQ.length, seq);
    return this.frame;
  }

  /** False if it has another length, or a character needs JSON escapes: the frame must then be rebuilt. */
  private patchCursor(cursor: string): boolean {
    const offset = HEAD.length + EPOCH_LENGTH + BEFORE_SEQ.length + SEQ_CHARACTERS + BEFORE_CURSOR.length;
    if (cursor.length !== this.cursor.length || !this.writePlain(offset, cursor)) return false;
    this.cursor = cursor;
    return true;
  }

  private writePlain(offset: number, text: string): boolean {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code <= SPACE || code > 0x7e || code === QUOTE || code === BACKSLASH) return false;
      this.buffer[offset + index] = code;
    }
    return true;
  }

  private writeSeq(offset: number, seq: number): void {
    let rest = seq;
    let position = offset + SEQ_CHARACTERS - 1;
    do {
      const next = Math.floor(rest / 10);
      this.buffer[position--] = ZERO + (rest - next * 10);
      rest = next;
    } while (rest > 0);
    while (position >= offset) this.buffer[position--] = SPACE;
    this.seq = seq;
  }

  private rebuild({ cursor, seq }: EventBatch, body: Buffer): void {
    const { beforeBody, tail } = this.form;
    const text = JSON.stringify(cursor).slice(1, -1);
    const epoch = '-'.repeat(EPOCH_LENGTH);
    const header = `${HEAD}${epoch}${BEFORE_SEQ}${String(seq).padStart(SEQ_CHARACTERS)}${BEFORE_CURSOR}${text}${beforeBody}`;
    const headerBytes = Buffer.byteLength(header);
    const bytes = headerBytes + body.length + tail.length;
    if (bytes > this.buffer.length) this.buffer = Buffer.alloc(bytes);
    this.buffer.write(header, 0);
    body.copy(this.buffer, headerBytes);
    this.buffer.write(tail, headerBytes + body.length);
    this.frame = this.buffer.subarray(0, bytes);
    // An escaped or wide text does not stand where patching counts on it: such a frame is never patched.
    this.body = text === cursor && headerBytes === header.length ? body : null;
    this.cursor = cursor;
    this.seq = seq;
  }
}
