/** Deflated events of the product. Thousands of phones of a process are sent the same bytes: those are inflated once. */
import { inflateSync } from 'node:zlib';

const LINE_FEED = 0x0a;

export class EventsInflater {
  private deflated: Buffer = Buffer.alloc(0);
  private inflated: Buffer = Buffer.alloc(0);

  /** The events of a binary frame, as JSON: what follows the line feed behind its header. */
  inflate(bytes: Buffer, start: number, end: number): Buffer {
    const lineFeed = bytes.indexOf(LINE_FEED, start);
    if (lineFeed < 0 || lineFeed >= end) throw new Error('a binary frame without a header');
    const body = bytes.subarray(lineFeed + 1, end);
    if (!body.equals(this.deflated)) {
      // A copy: what the frame stands in is used again.
      this.deflated = Buffer.from(body);
      this.inflated = inflateSync(body);
    }
    return this.inflated;
  }
}
