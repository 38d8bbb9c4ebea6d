/**
 * A request's bytes, as an async iterable with back-pressure (beyond `requestBufferBytes` the socket is paused until the
 * reader has caught up) or in one piece. One reader, once; a piece is its until it asks for the next.
 *
 * The transport ends a request whose body is slower than 16 KB/s, which a phone at the edge of its network is. It cannot be
 * told otherwise, but begins to count anew when a socket is paused and resumed: that is done while somebody reads, whose
 * own deadline then is the one that counts.
 */
import type { HttpResponse as UwsResponse } from 'uWebSockets.js';
import type { Clock, Timer } from '../../clock.ts';
import type { Deadline, Deadlines } from '../../deadlines.ts';
import { limits } from '../../limits.ts';
import type { ReusedMemory } from '../../reused-memory.ts';
import type { RequestBody } from '../http/exchange.ts';
import { ReceivedBytes } from './received-bytes.ts';

export interface RequestBodyOptions {
  readonly clock: Clock;
  /** Tells which bodies need patience. */
  readonly slow: Deadlines;
  /** For a body that is not small; null for others. */
  readonly memory: ReusedMemory | null;
}

export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

export class UwsRequestBody implements RequestBody {
  private readonly response: UwsResponse;
  private readonly clock: Clock;
  private readonly received: ReceivedBytes;
  private paused = false;
  private ended = false;
  private error: Error | null = null;
  /** True when the response may not be touched any more, or the answer is being written. */
  private released = false;
  private wake: (() => void) | null = null;
  /** When bytes came last; monotonic. */
  private receivedAt: number;
  /** While somebody reads and the response may be touched. */
  private patience: Timer | null = null;
  private readonly slow: Deadlines;
  /** When `patience` begins. */
  private begin: Deadline | null = null;

  /** Attaches itself: must be called in the turn in which the request came. */
  constructor(response: UwsResponse, { clock, slow, memory }: RequestBodyOptions) {
    this.response = response;
    this.clock = clock;
    this.slow = slow;
    this.received = new ReceivedBytes(memory);
    this.receivedAt = clock.monotonic();
    response.onData((chunk, isLast) => this.take(chunk, isLast));
  }

  fail(error: Error): void {
    this.error ??= error;
    this.received.clear();
    this.wake?.();
  }

  /** The client is gone. */
  aborted(): void {
    this.released = true;
    this.stopWaiting();
    if (!this.ended) this.fail(new ClientGone('the client went away'));
  }

  /** The answer goes out: what still arrives of the body is thrown away, and a paused socket flows again. */
  release(): void {
    this.resume();
    this.released = true;
    this.stopWaiting();
    this.received.clear();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    this.startWaiting();
    try {
      yield* this.read();
    } finally {
      this.stopWaiting();
    }
  }

  /** Small bodies come in the very turn of their request, in one chunk. */
  async whole(bytesMax: number): Promise<Uint8Array | null> {
    this.startWaiting();
    try {
      if (this.error === null && this.received.pieceCount === 0 && !this.ended) await this.more();
      if (this.error === null && this.ended && this.received.pieceCount === 1) return this.only(bytesMax);
      const pieces: Uint8Array[] = [];
      let bytes = 0;
      for await (const piece of this.read()) {
        bytes += piece.byteLength;
        if (bytes > bytesMax) return null;
        pieces.push(Buffer.from(piece));
      }
      return Buffer.concat(pieces);
    } finally {
      this.stopWaiting();
    }
  }

  /** What came in one piece. */
  private only(bytesMax: number): Uint8Array | null {
    const piece = this.received.next();
    return piece === null || piece.byteLength > bytesMax ? null : piece;
  }

  private startWaiting(): void {
    if (this.released || this.ended) return;
    this.begin = this.slow.start(() => {
      this.extend();
      this.patience = this.clock.every(limits.requestBodyExtendMs, () => this.extend());
    });
  }

  private stopWaiting(): void {
    this.begin?.met();
    this.patience?.cancel();
  }

  private async more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    this.wake = null;
  }

  private async *read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (this.error !== null) throw this.error;
        const piece = this.received.next();
        if (piece !== null) {
          if (this.received.count < limits.requestBufferBytes / 2) this.resume();
          yield piece;
        } else if (this.ended) {
          return;
        } else {
          await this.more();
        }
      }
    } finally {
      this.received.end();
    }
  }

  private take(chunk: ArrayBuffer, isLast: boolean): void {
    if (this.released || this.error !== null) return;
    if (chunk.byteLength > 0) {
      this.receivedAt = this.clock.monotonic();
      this.received.push(chunk);
    }
    this.ended = isLast;
    if (!isLast && !this.paused && this.received.count > limits.requestBufferBytes) {
      this.paused = true;
      this.response.pause();
    }
    this.wake?.();
  }

  private resume(): void {
    if (!this.paused || this.released) return;
    this.paused = false;
    this.response.resume();
  }

  private extend(): void {
    if (this.released || this.paused || this.ended || this.error !== null) return;
    if (this.clock.monotonic() - this.receivedAt >= limits.requestBodyStallMs) return;
    this.response.pause();
    this.response.resume();
  }
}
