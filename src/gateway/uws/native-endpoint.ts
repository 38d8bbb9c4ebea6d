/**
 * `/v1/live`: the native WebSocket endpoint. What is refused before the upgrade (origin, version, capacity, a malformed
 * resume) gets a problem document; what is refused after it gets a close code.
 */
import { STATUS_CODES } from 'node:http';
import type {
  HttpRequest as UwsRequest,
  HttpResponse as UwsResponse,
  TemplatedApp,
  us_socket_context_t,
} from 'uWebSockets.js';
import { asProblem, Problem } from '../../errors.ts';
import type { Metrics } from '../../metrics.ts';
import { Connection } from '../connection.ts';
import type { ConnectionContext } from '../connection-context.ts';
import { forwardedAddress } from '../http/client-address.ts';
import type { OriginPolicy } from '../http/origins.ts';
import { problemResponse } from '../http/problem-response.ts';
import { PROTOCOL } from '../protocol/messages.ts';
import { type Hello, parseFrame } from '../protocol/parse.ts';
import { readUpgradeOffer } from '../protocol/resume-header.ts';
import { type NativeSocket, NativeWire, type Seat } from './native-wire.ts';

export const LIVE_PATH = '/v1/live';

export interface NativeEndpointDependencies {
  readonly context: ConnectionContext;
  readonly origins: OriginPolicy;
  readonly trustProxy: number;
  readonly metrics: Metrics;
}

export class NativeEndpoint {
  private readonly dependencies: NativeEndpointDependencies;
  private readonly wire: NativeWire;
  /** The hello of the upgrade in progress: `open` is called before `upgrade` returns. */
  private offered: Hello | null = null;

  constructor(dependencies: NativeEndpointDependencies) {
    this.dependencies = dependencies;
    this.wire = new NativeWire(dependencies.metrics);
  }

  attach(app: TemplatedApp): void {
    const { limits } = this.dependencies.context;
    // Compression is off unless asked for.
    app.ws<Seat>(LIVE_PATH, {
      maxPayloadLength: limits.frameBytesMax,
      maxBackpressure: limits.linkBackpressureBytesMax,
      idleTimeout: limits.idleTimeoutSeconds,
      sendPingsAutomatically: true,
      upgrade: (response, request, socketContext) => this.upgrade(response, request, socketContext),
      open: (socket) => this.opened(socket),
      message: (socket, frame, isBinary) => received(socket.getUserData().connection, frame, isBinary),
      drain: (socket) => {
        if (socket.getBufferedAmount() === 0) socket.getUserData().connection.drained();
      },
      close: (socket) => socket.getUserData().connection.ended(),
    });
  }

  private upgrade(response: UwsResponse, request: UwsRequest, socketContext: us_socket_context_t): void {
    const { context, origins, trustProxy } = this.dependencies;
    try {
      const full = context.connections.refusal();
      if (full !== null) throw new Problem(full, { retryAfterMs: 1000 });
      // Each header is a call into the server: those that decide nothing are not read.
      const origin = request.getHeader('origin');
      if (origin !== '' && !origins.permits(origin, request.getHeader('host'))) throw new Problem('origin-refused');
      const { hello } = readUpgradeOffer(request.getHeader('sec-websocket-protocol'));
      const forwarded = trustProxy === 0 ? null : forwardedAddress(request.getHeader('x-forwarded-for'), trustProxy);
      const connection = new Connection<NativeSocket>(context, this.wire, forwarded);
      this.offered = hello;
      response.upgrade<Seat>({ connection }, request.getHeader('sec-websocket-key'), PROTOCOL, '', socketContext);
    } catch (error) {
      refuse(response, asProblem(error), context.requestIds.next());
    } finally {
      this.offered = null;
    }
  }

  private opened(socket: NativeSocket): void {
    const { connection } = socket.getUserData();
    const hello = this.offered;
    connection.bind(socket);
    if (hello !== null) connection.hello(hello);
  }
}

function received(connection: Connection<NativeSocket>, frame: ArrayBuffer, isBinary: boolean): void {
  if (!connection.meter()) return;
  if (isBinary) {
    connection.close('protocol-error');
    return;
  }
  let message: ReturnType<typeof parseFrame>;
  try {
    message = parseFrame(new Uint8Array(frame));
  } catch (error) {
    connection.close(asProblem(error).code);
    return;
  }
  connection.handle(message);
}

function refuse(response: UwsResponse, problem: Problem, requestId: string): void {
  const answer = problemResponse(problem, requestId);
  response.cork(() => {
    response.writeStatus(`${answer.status} ${STATUS_CODES[answer.status] ?? ''}`);
    for (const [name, value] of Object.entries(answer.headers)) response.writeHeader(name, value);
    response.end(answer.body as string, true);
  });
}
