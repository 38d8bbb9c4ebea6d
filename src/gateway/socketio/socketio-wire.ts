/**
 * Writes to socket.io sockets. The library hides back-pressure, so every `events` batch is emitted with an
 * acknowledgement, and the window of unacknowledged events is the only brake; what a connection holds back beside that
 * (results, state) is measured, and a connection that holds back too much is closed.
 */
import type { Socket } from 'socket.io';
import type { EventBatch, LinkOutcome } from '../../actors/live/session.ts';
import { type ErrorCode, Problem } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import type { Connection, OperationReply } from '../connection.ts';
import type { Wire } from '../connection-context.ts';
import { problemDocument } from '../problem-document.ts';
import type { ServerMessage, WireEvent } from '../protocol/messages.ts';

export interface SocketData {
  connection?: Connection<LiveSocket>;
  /** As the proxy or the socket gave it. */
  address: string;
  /** JSON characters written since the transport last reported that it took everything. */
  pendingCharacters: number;
}

type Events = Record<string, (...args: unknown[]) => void>;
export type LiveSocket = Socket<Events, Events, Events, SocketData>;

export class SocketIoWire implements Wire<LiveSocket> {
  readonly sendsDeflated = false;
  private readonly limits: Limits;
  /** Events parsed last: the same buffer for many sockets is parsed once. */
  private lastJson: Buffer | null = null;
  private lastEvents: readonly WireEvent[] = [];

  constructor(limits: Limits) {
    this.limits = limits;
  }

  send(socket: LiveSocket, message: ServerMessage): LinkOutcome {
    if (!this.reserve(socket, JSON.stringify(message).length)) return 'dropped';
    const { t, ...fields } = message;
    socket.emit(t, fields);
    return 'sent';
  }

  sendEvents(socket: LiveSocket, batch: EventBatch): LinkOutcome {
    if (!this.reserve(socket, batch.eventsJson.length)) return 'dropped';
    const last = batch.seq + batch.count - 1;
    const { epoch, seq, cursor } = batch;
    socket.emit('events', { epoch, seq, cursor, events: this.eventsOf(batch.eventsJson) }, () => {
      socket.data.connection?.acknowledge(last);
    });
    return 'sent';
  }

  /** The answer to a call, through the client's callback. */
  answer(socket: LiveSocket, callback: (answer: OperationReply) => void, answer: OperationReply): LinkOutcome {
    if (!this.reserve(socket, JSON.stringify(answer).length)) return 'dropped';
    callback(answer);
    return 'sent';
  }

  /** socket.io has no close codes of its own: the problem document says why, with the code beside it. */
  close(socket: LiveSocket, code: ErrorCode): void {
    const problem = new Problem(code);
    socket.emit('error', { error: problemDocument(problem), closeCode: problem.closeCode });
    const { conn } = socket;
    socket.disconnect(true);
    // Whoever does not take what was sent would hold it here until the transport gives up.
    if (code === 'too-slow' || code === 'no-acknowledgement') conn.close(true);
  }

  addressOf(socket: LiveSocket): string {
    return socket.data.address;
  }

  private reserve(socket: LiveSocket, characters: number): boolean {
    if (socket.data.pendingCharacters + bufferedBytes(socket) > this.limits.linkBackpressureBytesMax) return false;
    socket.data.pendingCharacters += characters;
    return true;
  }

  private eventsOf(eventsJson: Buffer): readonly WireEvent[] {
    if (eventsJson !== this.lastJson) {
      this.lastEvents = JSON.parse(`[${eventsJson.toString()}]`) as readonly WireEvent[];
      this.lastJson = eventsJson;
    }
    return this.lastEvents;
  }
}

/** What the WebSocket transport holds back; the library itself never asks. Zero for long polling. */
function bufferedBytes(socket: LiveSocket): number {
  const transport: object = socket.conn.transport;
  const inner = 'socket' in transport ? transport.socket : null;
  if (typeof inner !== 'object' || inner === null || !('getBufferedAmount' in inner)) return 0;
  return typeof inner.getBufferedAmount === 'function' ? Number(inner.getBufferedAmount()) : 0;
}
