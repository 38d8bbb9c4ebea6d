/**
 * One native connection from opening to its end: greeting, messages in order, and exactly one `ended`. It knows nothing of
 * resuming.
 */
import { FrameQueue } from './frame-queue.ts';
import { clientLimits } from './limits.ts';
import type { Platform, SocketLike, Timer } from './platform.ts';
import type { ClientMessage, ServerMessage } from './wire.ts';

export interface LiveSocketHandlers {
  /** `bytes`: of its frame, at most. */
  message(message: ServerMessage, bytes: number): void;
  /** A frame cannot be read here; `ended` follows. */
  unreadable(): void;
  /** The connection has ended, or is given up: `code` as the transport says, 1006 when it says nothing. */
  ended(code: number): void;
}

/** Ended by us since the server did not answer in time or said something strange. */
export const GIVEN_UP = 1006;

export class LiveSocket {
  private readonly handlers: LiveSocketHandlers;
  private readonly socket: SocketLike;
  private readonly deadline: Timer;
  private readonly frames: FrameQueue;
  private ended = false;
  /** When something was last heard, in wall time. */
  heardMs: number;

  /** `hello` null: the upgrade said it all. */
  constructor(
    platform: Platform,
    target: { url: string; protocols: readonly string[]; hello: ClientMessage | null },
    handlers: LiveSocketHandlers,
  ) {
    this.handlers = handlers;
    this.heardMs = platform.now();
    this.frames = new FrameQueue(platform.inflate, {
      message: (message, bytes) => this.receive(message, bytes),
      unreadable: () => {
        handlers.unreadable();
        this.end(GIVEN_UP);
      },
    });
    this.socket = platform.openSocket(target.url, target.protocols);
    this.socket.binaryType = 'arraybuffer';
    this.deadline = platform.after(clientLimits.connectTimeoutMs, () => this.end(GIVEN_UP));
    this.socket.onopen = () => {
      if (target.hello !== null) this.send(target.hello);
    };
    this.socket.onmessage = (event: { readonly data?: unknown }) => {
      this.heardMs = platform.now();
      this.frames.frame(event.data);
    };
    this.socket.onclose = (event: { readonly code?: number }) => {
      this.frames.inTurn(() => this.end(event.code ?? GIVEN_UP));
    };
    this.socket.onerror = () => undefined;
  }

  send(message: ClientMessage): void {
    if (!this.ended && this.socket.readyState === 1) this.socket.send(JSON.stringify(message));
  }

  /** Ends it now, without waiting for the other side, which may be long gone. */
  end(code: number): void {
    if (this.ended) return;
    this.abandon();
    this.handlers.ended(code);
  }

  /** The same without a word to the handlers. Idempotent. */
  abandon(): void {
    if (this.ended) return;
    this.ended = true;
    this.deadline.cancel();
    this.frames.drop();
    this.socket.onmessage = null;
    this.socket.onclose = null;
    try {
      this.socket.close(1000);
    } catch {
      // It was never open, or is closed already.
    }
  }

  private receive(message: ServerMessage, bytes: number): void {
    if (message.t === 'welcome') this.deadline.cancel();
    this.handlers.message(message, bytes);
  }
}
