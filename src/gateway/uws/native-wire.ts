/** Writes to native WebSockets. One for all of them: the frame buffer is shared, for a frame is sent before the next is made. */
import type { WebSocket } from 'uWebSockets.js';
import type { EventBatch, LinkOutcome } from '../../actors/live/session.ts';
import { type ErrorCode, Problem } from '../../errors.ts';
import type { Metrics } from '../../metrics.ts';
import type { Connection } from '../connection.ts';
import type { Wire } from '../connection-context.ts';
import { DEFLATED_FORM, EventsFrameEncoder, TEXT_FORM } from '../protocol/events-frame.ts';
import type { ServerMessage } from '../protocol/messages.ts';

/** The server copies these fields onto its own socket object: they keep the identity of what they refer to. */
export interface Seat {
  readonly connection: Connection<NativeSocket>;
}

export type NativeSocket = WebSocket<Seat>;

export class NativeWire implements Wire<NativeSocket> {
  readonly sendsDeflated = true;
  private readonly text = new EventsFrameEncoder(TEXT_FORM);
  private readonly deflated = new EventsFrameEncoder(DEFLATED_FORM);
  private readonly frames: ReturnType<Metrics['counter']>;
  /** The message encoded last: one that goes to many watchers is encoded once. */
  private lastMessage: ServerMessage | null = null;
  private lastText = '';

  constructor(metrics: Metrics) {
    this.frames = metrics.counter('events_frames', 'Frames of events that were sent on native connections.');
  }

  send(socket: NativeSocket, message: ServerMessage): LinkOutcome {
    if (message !== this.lastMessage) {
      this.lastText = JSON.stringify(message);
      this.lastMessage = message;
    }
    return outcomeOf(socket.send(this.lastText));
  }

  sendEvents(socket: NativeSocket, batch: EventBatch): LinkOutcome {
    const { deflated, eventsJson } = batch;
    const isBinary = deflated !== null;
    const frame = isBinary ? this.deflated.encode(batch, deflated) : this.text.encode(batch, eventsJson);
    const outcome = outcomeOf(socket.send(frame, isBinary));
    if (outcome !== 'dropped') this.frames.add();
    return outcome;
  }

  close(socket: NativeSocket, code: ErrorCode): void {
    socket.end(new Problem(code).closeCode, code);
  }

  addressOf(socket: NativeSocket): string {
    return Buffer.from(socket.getRemoteAddressAsText()).toString();
  }
}

/** 1: sent. 0: taken, but the socket is behind. 2: not taken. */
function outcomeOf(status: number): LinkOutcome {
  if (status === 1) return 'sent';
  return status === 0 ? 'buffered' : 'dropped';
}
