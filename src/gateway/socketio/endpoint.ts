/**
 * `/socket.io/`: the same messages for any socket.io v4 client. Message type = event name; `auth` payload = hello; an
 * operation is an event with an acknowledgement callback; a batch of events is acknowledged by the client's callback.
 */
import { type ExtendedError, Server } from 'socket.io';
import { asProblem, type ErrorCode, Problem } from '../../errors.ts';
import { Connection, type OperationReply } from '../connection.ts';
import { type Greeting, greetingOf } from '../greeting.ts';
import type { ConnectionContext } from '../connection-context.ts';
import { forwardedAddress } from '../http/client-address.ts';
import type { OriginPolicy } from '../http/origins.ts';
import { problemDocument } from '../problem-document.ts';
import { parseAcknowledgement, parseAuth, parseHello, parseOperation, parseTopics } from '../protocol/parse.ts';
import { type LiveSocket, SocketIoWire } from './socketio-wire.ts';

export const SOCKETIO_PATH = '/socket.io/';

export interface SocketIoEndpointDependencies {
  readonly context: ConnectionContext;
  readonly origins: OriginPolicy;
  readonly trustProxy: number;
}

const PING_INTERVAL_MS = 25_000;
const PING_TIMEOUT_MS = 20_000;

export class SocketIoEndpoint {
  private readonly dependencies: SocketIoEndpointDependencies;
  private readonly server: Server;
  private readonly wire: SocketIoWire;
  private readonly greetings = new WeakMap<LiveSocket, Greeting>();

  constructor(dependencies: SocketIoEndpointDependencies) {
    this.dependencies = dependencies;
    const { context, origins } = dependencies;
    this.wire = new SocketIoWire(context.limits);
    this.server = new Server({
      path: SOCKETIO_PATH,
      serveClient: false,
      maxHttpBufferSize: context.limits.frameBytesMax,
      connectTimeout: context.limits.helloDeadlineMs,
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: PING_TIMEOUT_MS,
      httpCompression: false,
      perMessageDeflate: false,
      cors: { origin: true },
      allowRequest: (request, decide) => {
        const { origin, host } = request.headers;
        const refusal = origins.permits(origin, host) ? this.refusal() : 'origin-refused';
        decide(refusal, refusal === null);
      },
    });
    this.server.use((socket: LiveSocket, next) => this.admit(socket, next));
    this.server.on('connection', (socket: LiveSocket) => this.connected(socket));
  }

  /** `app` is the uWebSockets.js app of the gateway. */
  attach(app: object): void {
    // Above the bound that the wire keeps itself, so that the transport never drops silently.
    const maxBackpressure = this.dependencies.context.limits.linkBackpressureBytesMax * 4;
    this.server.attachApp(app, { maxBackpressure } as Parameters<Server['attachApp']>[1]);
  }

  async close(): Promise<void> {
    await this.server.close();
  }

  /** A handshake is bounded like an upgrade: those that have not said hello yet are half open here as well. */
  private refusal(): ErrorCode | null {
    const { connections, limits } = this.dependencies.context;
    const { clientsCount } = this.server.engine;
    const silent = clientsCount - this.server.sockets.sockets.size;
    const full = clientsCount >= limits.connectionsMax || silent >= limits.halfOpenConnectionsMax;
    return connections.refusal() ?? (full ? 'overloaded' : null);
  }

  private admit(socket: LiveSocket, next: (error?: ExtendedError) => void): void {
    const { context, trustProxy } = this.dependencies;
    try {
      const greeting = greetingOf(context.authenticator, parseHello(socket.handshake.auth));
      const forwarded = socket.handshake.headers['x-forwarded-for'];
      const header = Array.isArray(forwarded) ? forwarded.join(',') : forwarded;
      socket.data.address = forwardedAddress(header, trustProxy) ?? socket.handshake.address;
      socket.data.pendingCharacters = 0;
      this.greetings.set(socket, greeting);
      next();
    } catch (error) {
      const problem = asProblem(error);
      const refusal: ExtendedError = new Error(problem.code);
      refusal.data = problemDocument(problem);
      next(refusal);
    }
  }

  private connected(socket: LiveSocket): void {
    const { context } = this.dependencies;
    const greeting = this.greetings.get(socket);
    if (greeting === undefined) {
      socket.disconnect(true);
      return;
    }
    const connection = new Connection<LiveSocket>(context, this.wire, null);
    socket.data.connection = connection;
    connection.bind(socket);
    socket.conn.on('drain', () => {
      socket.data.pendingCharacters = 0;
      connection.drained();
    });
    socket.on('disconnect', () => connection.ended());
    socket.onAny((event: string, ...args: unknown[]) => {
      if (connection.meter()) this.received(socket, connection, { event, args });
    });
    connection.admit(greeting);
  }

  private received(
    socket: LiveSocket,
    connection: Connection<LiveSocket>,
    { event, args }: { event: string; args: readonly unknown[] },
  ): void {
    const callback = args.at(-1);
    const reply = (answer: OperationReply) => {
      if (isCallback(callback)) {
        if (this.wire.answer(socket, callback, answer) === 'dropped') connection.close('too-slow');
      } else if (!answer.ok) {
        connection.send({ t: 'error', error: answer.error });
      }
    };
    try {
      dispatch(connection, { event, payload: typeof args[0] === 'function' ? undefined : args[0] }, reply);
    } catch (error) {
      reply({ ok: false, error: problemDocument(asProblem(error)) });
    }
  }
}

function isCallback(value: unknown): value is (answer: OperationReply) => void {
  return typeof value === 'function';
}

function dispatch(
  connection: Connection<LiveSocket>,
  { event, payload }: { event: string; payload: unknown },
  reply: (answer: OperationReply) => void,
): void {
  if (connection.openPhase() === null) {
    throw new Problem('protocol-error', { detail: 'Wait for `welcome` before anything else.' });
  }
  switch (event) {
    case 'ack':
      connection.acknowledge(parseAcknowledgement(payload));
      return;
    case 'op':
      connection.operate(parseOperation(payload), reply);
      return;
    case 'watch':
      connection.handle({ t: 'watch', topics: parseTopics(payload) });
      return;
    case 'unwatch':
      connection.handle({ t: 'unwatch', topics: parseTopics(payload) });
      return;
    case 'auth':
      connection.handle({ t: 'auth', token: parseAuth(payload) });
      return;
    default:
      // An operation by its own name: `socket.emit('post.like', params, callback)`.
      connection.operate({ op: event, params: payload }, reply);
  }
}
