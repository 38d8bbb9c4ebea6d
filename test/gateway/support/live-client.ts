/** A small native client that keeps what it received. */
import { inflateSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { until } from './harness.ts';

export interface Received {
  readonly t: string;
  readonly [field: string]: unknown;
}

export class LiveClient {
  readonly received: Received[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | null = null;
  refused: { status: number; body: string } | null = null;
  private isOpen = false;

  constructor(url: string, protocols: string[] = ['shutterline.v1'], options: Record<string, unknown> = {}) {
    this.socket = new WebSocket(url, protocols, options);
    this.socket.on('open', () => {
      this.isOpen = true;
    });
    this.socket.on('message', (data: Buffer, isBinary) => this.received.push(isBinary ? binary(data) : text(data)));
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.socket.on('error', () => {});
    this.socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += String(chunk);
      });
      response.on('end', () => {
        this.refused = { status: response.statusCode ?? 0, body };
      });
    });
  }

  async opened(): Promise<this> {
    await until(() => this.isOpen, 'the upgrade');
    return this;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The `count`th message of that type. */
  async next(type: string, count = 1): Promise<Received> {
    const ofType = () => this.received.filter((message) => message.t === type);
    await until(() => ofType().length >= count || this.closed !== null, `message ${type}`);
    const found = ofType()[count - 1];
    if (found === undefined) throw new Error(`closed with ${JSON.stringify(this.closed)} before ${type}`);
    return found;
  }

  async closing(): Promise<{ code: number; reason: string }> {
    await until(() => this.closed !== null, 'the close');
    return this.closed ?? { code: 0, reason: '' };
  }

  async refusal(): Promise<{ status: number; body: string }> {
    await until(() => this.refused !== null, 'the refusal');
    return this.refused ?? { status: 0, body: '' };
  }
}

function text(frame: Buffer): Received {
  return JSON.parse(frame.toString()) as Received;
}

/** Of docs/protocol.md §6: a header, a line feed, the events deflated. `binary`: how many bytes they were. */
function binary(frame: Buffer): Received {
  const lineFeed = frame.indexOf('\n');
  const deflated = frame.subarray(lineFeed + 1);
  const events = JSON.parse(inflateSync(deflated).toString()) as unknown;
  return { ...text(frame.subarray(0, lineFeed)), events, binary: deflated.length };
}

/** Connected and welcomed as `user`. */
export async function welcomed(url: string, user = 'ann', hello: Record<string, unknown> = {}): Promise<LiveClient> {
  const client = await new LiveClient(url).opened();
  client.send({ t: 'hello', token: `token-${user}-s1`, device: 'phone', ...hello });
  await client.next('welcome');
  return client;
}

export function resumeProtocol(value: unknown): string {
  return `resume.${Buffer.from(JSON.stringify(value)).toString('base64url')}`;
}
