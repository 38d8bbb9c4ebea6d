/**
 * Memory that is used again. The collector counts bytes outside of its heap, and each time enough of them have come and gone
 * it looks at all that lives in the heap: without this, a few photographs cost a look at every actor there is.
 */
export class ReusedMemory {
  private readonly blockBytes: number;
  private readonly kept: number;
  private readonly free: ArrayBuffer[] = [];

  /** Blocks of `blockBytes`, of which at most `kept` stay when nobody uses them. */
  constructor(blockBytes: number, kept: number) {
    this.blockBytes = blockBytes;
    this.kept = kept;
  }

  /** Of any content. More than a block is memory of its own, which does not stay. */
  take(bytes = this.blockBytes): Buffer {
    const block = bytes > this.blockBytes ? undefined : this.free.pop();
    return Buffer.from(block ?? new ArrayBuffer(Math.max(bytes, this.blockBytes)), 0, bytes);
  }

  /** What was taken, or a part of it: the caller looks at it no more, and neither does anybody it was handed to. */
  give({ buffer }: Buffer): void {
    if (buffer.byteLength === this.blockBytes && this.free.length < this.kept) this.free.push(buffer as ArrayBuffer);
  }
}
