/** One phone of the load: connects, says who it is, sees events, acknowledges as the product's own client does. */
import { RawWebSocket, type WebSocketListener } from './raw-websocket.ts';
import { clientLimits } from '../../sdk/limits.ts';
import type { Dialect, Position } from './dialects.ts';
import type { EventsInflater } from './events-inflater.ts';
import type { ClientIdentity, Greeting, LoadTarget } from './load-calls.ts';

export interface ClientHost {
  readonly dialect: Dialect;
  readonly reading: Buffer;
  readonly inflater: EventsInflater;
  /** Returns how many events the frame held. */
  events(client: LoadClient, bytes: Buffer, start: number, end: number): number;
  brokenNumbering(): void;
  closed(reason: string): void;
}

export class LoadClient implements WebSocketListener {
  readonly number: number;
  private readonly host: ClientHost;
  private readonly identity: ClientIdentity;
  private readonly address: string;
  private position: Position = { welcome: null, seq: 0, offset: '' };
  private socket: RawWebSocket | null = null;
  private greeting: Greeting = 'token';
  private welcomed: ((mode: string) => void) | null = null;
  private refused: ((error: Error) => void) | null = null;
  private unacknowledged = 0;
  private unacknowledgedBytes = 0;
  /** When the first of them came; monotonic. */
  private owesSinceMs = 0;
  /** As in the client library: of the events and bytes after which the next acknowledgement is due. */
  private share = 1;
  private leaving = false;

  constructor(host: ClientHost, number: number, identity: ClientIdentity, address: string) {
    this.host = host;
    this.number = number;
    this.identity = identity;
    this.address = address;
  }

  /** Resolves with the welcome's mode. */
  connect(target: LoadTarget, greeting: Greeting): Promise<string> {
    const { dialect, reading } = this.host;
    this.greeting = greeting;
    this.leaving = false;
    this.unacknowledged = 0;
    this.unacknowledgedBytes = 0;
    this.share = 1 - Math.random();
    const protocol = dialect.subprotocol(this.identity, greeting, this.position);
    return new Promise((resolve, reject) => {
      this.welcomed = resolve;
      this.refused = reject;
      this.socket = RawWebSocket.open(
        {
          host: target.host,
          port: target.port,
          path: dialect.path,
          localAddress: this.address,
          ...(protocol === null ? {} : { protocol }),
        },
        this,
        reading,
      );
    });
  }

  accepted(): void {
    const first = this.host.dialect.firstFrame(this.identity, this.greeting, this.position);
    if (first !== null) this.socket?.send(first);
  }

  cut(): void {
    this.leaving = true;
    this.socket?.destroy();
    this.socket = null;
  }

  pause(): void {
    this.socket?.pause();
  }

  resume(): void {
    this.socket?.resume();
  }

  /** What has been owed since before that moment. */
  acknowledge(beforeMs = Number.POSITIVE_INFINITY): void {
    if (this.unacknowledged === 0 || this.owesSinceMs > beforeMs) return;
    this.unacknowledged = 0;
    this.unacknowledgedBytes = 0;
    this.share = 1;
    const frame = this.host.dialect.acknowledgement(this.position.seq);
    if (frame !== null) this.socket?.send(frame);
  }

  text(bytes: Buffer, start: number, end: number): void {
    const { dialect } = this.host;
    switch (dialect.kindOf(bytes, start)) {
      case 'events':
        this.events(this.host.events(this, bytes, start, end), bytes, start, end);
        return;
      case 'welcome': {
        const { offset } = this.position;
        this.position = { ...dialect.welcome(bytes, start, end), offset };
        const mode = this.position.welcome?.['mode'];
        this.welcomed?.(typeof mode === 'string' ? mode : 'open');
        return;
      }
      case 'greet':
        this.socket?.send(dialect.greeting(this.identity, this.greeting, this.position));
        return;
      case 'ping':
        this.socket?.send('3');
        return;
      default:
    }
  }

  /** Events are the only messages that come so. */
  binary(bytes: Buffer, start: number, end: number): void {
    const events = this.host.inflater.inflate(bytes, start, end);
    this.events(this.host.events(this, events, 0, events.length), bytes, start, end);
  }

  private events(count: number, bytes: Buffer, start: number, end: number): void {
    if (!this.host.dialect.advance(this.position, count, { bytes, start, end })) this.host.brokenNumbering();
    if (this.unacknowledged === 0) this.owesSinceMs = performance.now();
    this.unacknowledged += count;
    this.unacknowledgedBytes += end - start;
    // The client library's rules; its delay is kept by the process's timer.
    const { ackEvents, ackBytes } = clientLimits;
    const isDue = this.unacknowledged >= ackEvents * this.share || this.unacknowledgedBytes >= ackBytes * this.share;
    if (isDue) this.acknowledge();
  }

  closed(reason: string): void {
    this.socket = null;
    if (this.leaving) return;
    this.host.closed(reason);
    this.refused?.(new Error(reason));
  }
}
