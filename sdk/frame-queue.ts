/**
 * What arrives on one connection, handed on in the order in which it arrived. To inflate a frame takes a moment: what comes
 * behind it waits, the end of the connection too. While nothing waits, text is handed on at once.
 */
import { readFrame, withEvents } from './frames.ts';
import { clientLimits } from './limits.ts';
import type { Platform } from './platform.ts';
import type { ServerMessage } from './wire.ts';

export interface FrameQueueHandlers {
  /** `bytes`: of its frame, at most. */
  message(message: ServerMessage, bytes: number): void;
  /** A frame cannot be read, or more of them wait than may. Nothing is handed on any more. */
  unreadable(): void;
}

export class FrameQueue {
  private readonly inflate: Platform['inflate'];
  private readonly handlers: FrameQueueHandlers;
  /** Each hands on what arrived when its turn comes. */
  private waiting: (() => void)[] = [];
  private inflating = false;
  private dropped = false;

  constructor(inflate: Platform['inflate'], handlers: FrameQueueHandlers) {
    this.inflate = inflate;
    this.handlers = handlers;
  }

  frame(data: unknown): void {
    if (this.waiting.length >= clientLimits.waitingFrames) this.giveUp();
    else this.inTurn(() => this.read(data));
  }

  /** Does something when all that arrived before it is handed on. */
  inTurn(task: () => void): void {
    if (this.dropped) return;
    this.waiting.push(task);
    this.go();
  }

  /** Nothing is handed on any more, also not what is being inflated. Idempotent. */
  drop(): void {
    this.dropped = true;
    this.waiting = [];
  }

  private go(): void {
    const next = this.inflating ? undefined : this.waiting.shift();
    if (next === undefined) return;
    try {
      next();
    } finally {
      // Whatever it throws, the others get their turn.
      this.go();
    }
  }

  private read(data: unknown): void {
    const frame = readFrame(data);
    if (frame?.kind === 'message') this.handlers.message(frame.message, frame.bytes);
    else if (frame === null || this.inflate === null) this.giveUp();
    else {
      this.inflating = true;
      this.inflate(frame.body, clientLimits.inflatedBytesMax).then(
        (text) => this.inflated(withEvents(frame.header, text), frame.bytes),
        () => this.giveUp(),
      );
    }
  }

  private inflated(message: ServerMessage | null, bytes: number): void {
    if (this.dropped) return;
    this.inflating = false;
    this.waiting.unshift(() => {
      if (message === null) this.giveUp();
      else this.handlers.message(message, bytes);
    });
    this.go();
  }

  private giveUp(): void {
    if (this.dropped) return;
    this.drop();
    this.handlers.unreadable();
  }
}
