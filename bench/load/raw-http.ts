/** A keep-alive HTTP/1.1 client for one request at a time, as thin as the answers of the servers under test allow. */
import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly json?: string;
}

export class RawHttp {
  private readonly socket: Socket;
  private received: Buffer = Buffer.alloc(0);
  private settle: { resolve(status: number): void; reject(error: Error): void } | null = null;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  static open(host: string, port: number): Promise<RawHttp> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      const client = new RawHttp(socket);
      socket.once('connect', () => resolve(client));
      socket.on('data', (chunk: Buffer) => client.read(chunk));
      socket.on('error', (error) => {
        reject(error);
        client.fail(error);
      });
      socket.on('close', () => client.fail(new Error('the connection was closed')));
    });
  }

  /** Resolves with the status once the whole answer is here. */
  send({ method, path, token, json }: RawRequest): Promise<number> {
    const body = json === undefined ? '' : json;
    const length =
      json === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
    return new Promise((resolve, reject) => {
      if (!this.isOpen) throw new Error('the connection was closed');
      this.settle = { resolve, reject };
      this.socket.write(
        `${method} ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n${length}\r\n${body}`,
      );
    });
  }

  /** False once the server has closed it, as it does with those that rest. */
  get isOpen(): boolean {
    return !this.socket.destroyed && this.socket.readyState === 'open';
  }

  close(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const headEnd = this.received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.received.toString('latin1', 0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (this.received.length < headEnd + HEAD_END.length + length) return;
    this.received = Buffer.alloc(0);
    const { settle } = this;
    this.settle = null;
    settle?.resolve(Number(head.slice(9, 12)));
  }

  private fail(error: Error): void {
    const { settle } = this;
    this.settle = null;
    settle?.reject(error);
  }
}

/** As many connections as requests are under way. */
export class RawHttpPool {
  private readonly idle: RawHttp[] = [];
  private readonly all: RawHttp[] = [];
  private readonly host: string;
  private readonly port: number;

  constructor(host: string, port: number) {
    this.host = host;
    this.port = port;
  }

  async send(request: RawRequest): Promise<number> {
    let connection = this.idle.pop();
    while (connection !== undefined && !connection.isOpen) connection = this.idle.pop();
    connection ??= await this.open();
    const status = await connection.send(request);
    this.idle.push(connection);
    return status;
  }

  async stop(): Promise<void> {
    for (const connection of this.all) connection.close();
  }

  private async open(): Promise<RawHttp> {
    const connection = await RawHttp.open(this.host, this.port);
    this.all.push(connection);
    return connection;
  }
}
