/** What has come of a body and waits for its reader: copied, because the transport uses its own memory again. */
import type { ReusedMemory } from '../../reused-memory.ts';

interface Piece {
  readonly block: Buffer;
  used: number;
}

export class ReceivedBytes {
  /** How many wait. */
  count = 0;
  private readonly memory: ReusedMemory | null;
  private pieces: Piece[] = [];
  /** What the reader looks at. */
  private lent: Buffer | null = null;

  /** Pieces fill blocks of `memory`, which are used again; null: each piece is the reader's for good. */
  constructor(memory: ReusedMemory | null) {
    this.memory = memory;
  }

  get pieceCount(): number {
    return this.pieces.length;
  }

  push(chunk: ArrayBuffer): void {
    this.count += chunk.byteLength;
    if (this.memory === null) {
      this.pieces.push({ block: Buffer.from(chunk.slice(0)), used: chunk.byteLength });
      return;
    }
    const bytes = new Uint8Array(chunk);
    for (let at = 0; at < bytes.length; ) {
      const piece = this.roomIn(this.memory);
      const part = bytes.subarray(at, at + piece.block.length - piece.used);
      piece.block.set(part, piece.used);
      piece.used += part.length;
      at += part.length;
    }
  }

  /** The next piece, if there is one. The one before is looked at no more. */
  next(): Uint8Array | null {
    this.end();
    const piece = this.pieces.shift();
    if (piece === undefined) return null;
    this.count -= piece.used;
    this.lent = piece.block;
    return piece.block.subarray(0, piece.used);
  }

  /** Throws away what waits. The reader keeps what it has. */
  clear(): void {
    for (const { block } of this.pieces) this.memory?.give(block);
    this.pieces = [];
    this.count = 0;
  }

  /** The reader looks at nothing any more. */
  end(): void {
    if (this.lent !== null) this.memory?.give(this.lent);
    this.lent = null;
  }

  private roomIn(memory: ReusedMemory): Piece {
    const last = this.pieces.at(-1);
    if (last !== undefined && last.used < last.block.length) return last;
    const piece = { block: memory.take(), used: 0 };
    this.pieces.push(piece);
    return piece;
  }
}
