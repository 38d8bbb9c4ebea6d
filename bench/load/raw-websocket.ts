/**
 * A WebSocket client that costs little beside the server it loads: one socket, no stream machinery on the way in, frames
 * looked at where they arrive. Answers pings by itself.
 */
import { connect, type Socket } from 'node:net';
import { clientFrame, FrameCutter, OPCODE } from './websocket-frames.ts';

/** One for all sockets of the process: what arrives is looked at before anything else is read. */
const SHARED_READ_BYTES = 256 * 1024;
const HEAD_BYTES_MAX = 16 * 1024;
const HEAD_END = '\r\n\r\n';

export interface WebSocketTarget {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Value of `Sec-WebSocket-Protocol`, if any. */
  readonly protocol?: string;
  /** Source address, so that one process may hold more connections than there are ports. */
  readonly localAddress?: string;
}

export interface WebSocketListener {
  /** The upgrade was accepted: frames may be sent. */
  accepted(): void;
  /** The text frame is valid during the call only. */
  text(bytes: Buffer, start: number, end: number): void;
  /** So is the binary frame; absent where none can come. */
  binary?(bytes: Buffer, start: number, end: number): void;
  /** The connection has ended, for whatever reason. Called once. */
  closed(reason: string): void;
}

/** Given to every client of a process. */
export function sharedReadBuffer(): Buffer {
  return Buffer.allocUnsafe(SHARED_READ_BYTES);
}

export class RawWebSocket {
  private readonly socket: Socket;
  private readonly listener: WebSocketListener;
  private readonly frames = new FrameCutter();
  private head: Buffer | null = Buffer.alloc(0);
  private ended = false;

  private constructor(socket: Socket, listener: WebSocketListener) {
    this.socket = socket;
    this.listener = listener;
  }

  /** The listener hears of everything, and of nothing before this has returned. */
  static open(target: WebSocketTarget, listener: WebSocketListener, reading: Buffer): RawWebSocket {
    const read = (bytes: number, buffer: Uint8Array): boolean =>
      client.read(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
    const socket = connect({
      host: target.host,
      port: target.port,
      noDelay: true,
      ...(target.localAddress === undefined ? {} : { localAddress: target.localAddress }),
      onread: { buffer: reading, callback: read },
    });
    const client = new RawWebSocket(socket, listener);
    socket.on('connect', () => socket.write(requestOf(target)));
    socket.on('error', (error) => client.finish(error.message));
    socket.on('close', () => client.finish('the connection was closed'));
    return client;
  }

  send(text: string): void {
    if (!this.ended) this.socket.write(clientFrame(OPCODE.text, text));
  }

  /** Reads nothing more until `resume`: a phone in a tunnel. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Gone at once, as phones go. With a reset: thousands of ports that linger after a close would slow the next connects. */
  destroy(): void {
    this.socket.resetAndDestroy();
  }

  private read(chunk: Buffer): boolean {
    try {
      const rest = this.head === null ? chunk : this.readHead(this.head, chunk);
      if (rest !== null && rest.length > 0) this.frames.push(rest, this.frame);
    } catch (error) {
      this.finish(error instanceof Error ? error.message : String(error));
      this.socket.destroy();
    }
    return true;
  }

  /** What follows the answer to the upgrade; null while that is incomplete. */
  private readHead(held: Buffer, chunk: Buffer): Buffer | null {
    const bytes = Buffer.concat([held, chunk]);
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) {
      if (bytes.length > HEAD_BYTES_MAX) throw new Error('the answer to the upgrade does not end');
      this.head = bytes;
      return null;
    }
    const status = bytes.toString('latin1', 0, bytes.indexOf('\r\n'));
    if (!status.startsWith('HTTP/1.1 101')) throw new Error(`the upgrade was refused: ${bytes.toString('latin1')}`);
    this.head = null;
    this.listener.accepted();
    return bytes.subarray(end + HEAD_END.length);
  }

  private readonly frame = (opcode: number, bytes: Buffer, start: number, end: number): void => {
    switch (opcode) {
      case OPCODE.text:
        this.listener.text(bytes, start, end);
        return;
      case OPCODE.binary:
        this.listener.binary?.(bytes, start, end);
        return;
      case OPCODE.ping:
        this.socket.write(clientFrame(OPCODE.pong, Buffer.from(bytes.subarray(start, end))));
        return;
      case OPCODE.close:
        this.finish(`closed with ${end - start >= 2 ? bytes.readUInt16BE(start) : 'no code'}`);
        this.socket.destroy();
        return;
      default:
    }
  };

  private finish(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    this.listener.closed(reason);
  }
}

function requestOf(target: WebSocketTarget): string {
  const lines = [
    `GET ${target.path} HTTP/1.1`,
    `Host: ${target.host}:${target.port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: c2h1dHRlcmxpbmViZW5jaA==',
    'Sec-WebSocket-Version: 13',
    ...(target.protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${target.protocol}`]),
  ];
  return `${lines.join('\r\n')}${HEAD_END}`;
}
