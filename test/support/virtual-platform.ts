/** A client platform whose time stands still until it is told to run, and whose sockets end at a scripted server. */
import { deflateSync, inflateSync } from 'node:zlib';
import type { Platform, SocketLike, Timer } from '../../sdk/platform.ts';
import type { ClientMessage, EventsMessage, ResumePoint, ServerMessage } from '../../sdk/wire.ts';

interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly task: () => void;
}

export class VirtualPlatform implements Platform {
  private readonly scheduled = new Set<Scheduled>();
  private readonly randomness: () => number;
  private nowMs = 1_800_000_000_000;
  private counter = 0;
  /** Called for each connection the client opens. */
  onSocket: (socket: VirtualSocket) => void = () => undefined;
  /** How long it takes to inflate a frame; within one turn when zero. */
  inflateMs: () => number = () => 0;
  /** Frames that are being inflated. */
  inflating = 0;
  fetch: typeof fetch = () => Promise.reject(new TypeError('there is no network here'));

  constructor(randomness: () => number = () => 0.5) {
    this.randomness = randomness;
  }

  now(): number {
    return this.nowMs;
  }

  after(delayMs: number, task: () => void): Timer {
    const entry: Scheduled = { atMs: this.nowMs + Math.max(0, delayMs), order: this.counter++, task };
    this.scheduled.add(entry);
    return { cancel: () => void this.scheduled.delete(entry) };
  }

  random(): number {
    return this.randomness();
  }

  uniqueId(): string {
    return `unique-${this.counter++}`;
  }

  openSocket(url: string, protocols: readonly string[]): SocketLike {
    const socket = new VirtualSocket(url, protocols);
    this.onSocket(socket);
    return socket;
  }

  inflate: Platform['inflate'] = async (bytes, bytesMax) => {
    this.inflating++;
    try {
      const delayMs = this.inflateMs();
      if (delayMs === 0) await Promise.resolve();
      else await new Promise<void>((resolve) => void this.after(delayMs, resolve));
      const inflated = inflateSync(bytes, { maxOutputLength: bytesMax });
      return new TextDecoder('utf-8', { fatal: true }).decode(inflated);
    } finally {
      this.inflating--;
    }
  };

  /** Lets everything that is due within `spanMs` happen, in order. */
  async run(spanMs: number): Promise<void> {
    const untilMs = this.nowMs + spanMs;
    await turn();
    for (;;) {
      const next = [...this.scheduled].sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.scheduled.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.task();
      await turn();
    }
    this.nowMs = untilMs;
  }

  get waiting(): number {
    return this.scheduled.size;
  }
}

/** Lets all promises that can settle now settle. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export class VirtualSocket implements SocketLike {
  readonly url: string;
  readonly protocols: readonly string[];
  readonly sent: ClientMessage[] = [];
  readyState = 0;
  binaryType: SocketLike['binaryType'] = 'blob';
  onopen: ((event: never) => unknown) | null = null;
  onmessage: ((event: never) => unknown) | null = null;
  onclose: ((event: never) => unknown) | null = null;
  onerror: ((event: never) => unknown) | null = null;
  onSent: (message: ClientMessage) => void = () => undefined;

  constructor(url: string, protocols: readonly string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  /** What the upgrade request says of resuming, if it does. */
  get offer(): ({ ticket: string; caps?: readonly string[] } & ResumePoint) | null {
    const encoded = this.protocols.find((name) => name.startsWith('resume.'));
    if (encoded === undefined) return null;
    return JSON.parse(Buffer.from(encoded.slice('resume.'.length), 'base64url').toString()) as never;
  }

  get open(): boolean {
    return this.readyState === 1;
  }

  send(text: string): void {
    const message = JSON.parse(text) as ClientMessage;
    this.sent.push(message);
    this.onSent(message);
  }

  close(): void {
    this.readyState = 3;
  }

  // The server's side

  accept(): void {
    this.readyState = 1;
    this.onopen?.({} as never);
  }

  push(message: ServerMessage): void {
    if (this.open) this.onmessage?.({ data: JSON.stringify(message) } as never);
  }

  /** The same for events, compressed. */
  pushDeflated(message: EventsMessage): void {
    const { events, ...header } = message;
    this.pushBytes(deflatedFrame(JSON.stringify(header), JSON.stringify(events)));
  }

  pushBytes(bytes: Uint8Array): void {
    const copy = Uint8Array.from(bytes).buffer;
    const data = this.binaryType === 'arraybuffer' ? copy : new Blob([copy]);
    if (this.open) this.onmessage?.({ data } as never);
  }

  /** The connection breaks, or the server closes it. */
  cut(code = 1006): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code } as never);
  }
}

export function deflatedFrame(header: string, body: string | Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${header}\n`), deflateSync(body)]);
}
