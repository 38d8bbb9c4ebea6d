/** One native connection from opening to its end: greeting, parsing, and exactly one `ended`. It knows nothing of resuming. */
import { clientLimits } from './limits.ts';
import type { Platform, SocketLike, Timer } from './platform.ts';
import type { ClientMessage, ServerMessage } from './wire.ts';

export interface LiveSocketHandlers {
  /** `bytes`: of its frame, at most. */
  message(message: ServerMessage, bytes: number): void;
  /** The connection has ended, or is given up: `code` as the transport says, 1006 when it says nothing. */
  ended(code: number): void;
}

/** Ended by us since the server did not answer in time or said something strange. */
export const GIVEN_UP = 1006;

const NOT_ASCII = /[\u0080-\uffff]/;

export class LiveSocket {
  private readonly handlers: LiveSocketHandlers;
  private readonly socket: SocketLike;
  private readonly deadline: Timer;
  private ended = false;
  private readonly platform: Platform;
  /** When something was last heard, in wall time. */
  heardMs: number;

  /** `hello` null: the upgrade said it all. */
  constructor(
    platform: Platform,
    target: { url: string; protocols: readonly string[]; hello: ClientMessage | null },
    handlers: LiveSocketHandlers,
  ) {
    this.platform = platform;
    this.handlers = handlers;
    this.heardMs = platform.now();
    this.socket = platform.openSocket(target.url, target.protocols);
    this.deadline = platform.after(clientLimits.connectTimeoutMs, () => this.end(GIVEN_UP));
    this.socket.onopen = () => {
      if (target.hello !== null) this.send(target.hello);
    };
    this.socket.onmessage = (event: { readonly data?: unknown }) => this.receive(event.data);
    this.socket.onclose = (event: { readonly code?: number }) => this.end(event.code ?? GIVEN_UP);
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
    this.socket.onmessage = null;
    this.socket.onclose = null;
    try {
      this.socket.close(1000);
    } catch {
      // It was never open, or is closed already.
    }
  }

  private receive(data: unknown): void {
    if (this.ended) return;
    this.heardMs = this.platform.now();
    const message = parse(data);
    if (message === null) {
      this.end(GIVEN_UP);
      return;
    }
    if (message.t === 'welcome') this.deadline.cancel();
    this.handlers.message(message, typeof data === 'string' ? bytesAtMost(data) : 0);
  }
}

function parse(data: unknown): ServerMessage | null {
  if (typeof data !== 'string') return null;
  try {
    const value: unknown = JSON.parse(data);
    const named = typeof value === 'object' && value !== null && typeof (value as { t?: unknown }).t === 'string';
    return named ? (value as ServerMessage) : null;
  } catch {
    return null;
  }
}

/** The server counts bytes: what is not ASCII takes up to three for each unit of a string. */
function bytesAtMost(text: string): number {
  return NOT_ASCII.test(text) ? text.length * 3 : text.length;
}
