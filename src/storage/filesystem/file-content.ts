/**
 * The content of an open file from one place to another, in pieces that share one block of memory.
 *
 * Must hold: the block is given back, and the file closed, once, and not while a read of it is under way. So who iterates does
 * both at its end, and `destroy` only says that the end is to come sooner.
 */
import type { FileHandle } from 'node:fs/promises';
import { invariant } from '../../errors.ts';
import type { ReusedMemory } from '../../reused-memory.ts';
import type { BlobContent } from '../blob-store.ts';
import { engine, engineProblem } from './engine.ts';

export interface FilePart {
  readonly handle: FileHandle;
  /** Offset in the file of the first byte that is not in `ready`. */
  readonly position: number;
  /** Offset behind the last byte. */
  readonly end: number;
  readonly block: Buffer;
  /** What the block holds already of the content: its first piece; may be empty. */
  readonly ready: Buffer;
}

export class FileContent implements BlobContent {
  private readonly part: FilePart;
  private readonly memory: ReusedMemory;
  private state: 'new' | 'read' | 'destroyed' = 'new';

  /** `memory`: where the block is from. The handle and the block are this object's from here on. */
  constructor(part: FilePart, memory: ReusedMemory) {
    this.part = part;
    this.memory = memory;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    invariant(this.state === 'new', 'a content is read once');
    this.state = 'read';
    const { handle, block, ready, end } = this.part;
    try {
      if (ready.length > 0) yield ready;
      for (let { position } = this.part; position < end && this.isWanted; ) {
        const { bytesRead } = await engine(handle.read(block, 0, Math.min(block.length, end - position), position));
        if (bytesRead === 0) throw engineProblem(new Error('the file became shorter'));
        position += bytesRead;
        yield block.subarray(0, bytesRead);
      }
    } finally {
      await this.release();
    }
  }

  destroy(): void {
    const wasNew = this.state === 'new';
    this.state = 'destroyed';
    if (wasNew) this.release().catch(() => undefined);
  }

  private get isWanted(): boolean {
    return this.state !== 'destroyed';
  }

  private release(): Promise<void> {
    this.memory.give(this.part.block);
    return this.part.handle.close();
  }
}
