/**
 * The gateway: one port that serves REST, native WebSocket, socket.io, uploads, pictures, the web page, health and
 * metrics. Everything it needs is handed in; it names no store and no queue.
 */
import { mkdir, rm } from 'node:fs/promises';
import type { LiveSessions } from '../actors/live/session.ts';
import { type Clock, sleep } from '../clock.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import type { Authenticator } from './auth/accounts.ts';
import type { ConnectionContext } from './connection-context.ts';
import { Connections } from './connections.ts';
import { createApplication } from './http/application.ts';
import type { HttpHandler } from './http/exchange.ts';
import { Gate } from './http/gate.ts';
import { mediaRoutes } from './http/media-routes.ts';
import { OriginPolicy } from './http/origins.ts';
import { restRoutes } from './http/rest-routes.ts';
import { RouteTable } from './http/route-table.ts';
import { StaticFiles } from './http/static-files.ts';
import { storageEventRoutes, type StorageEvents } from './http/storage-event-routes.ts';
import { type Readiness, systemRoutes } from './http/system-routes.ts';
import { uploadRoutes } from './http/upload-routes.ts';
import type { Operation } from './operation.ts';
import type { RateLimiter } from './rate-limit.ts';
import { RequestIds } from './request-ids.ts';
import { OperationRunner } from './run-operation.ts';
import type { Services } from './services.ts';
import { SocketIoEndpoint } from './socketio/endpoint.ts';
import { TopicHub } from './topic-hub.ts';
import { HttpEndpoint } from './uws/http-endpoint.ts';
import { NativeEndpoint } from './uws/native-endpoint.ts';
import { UwsServer } from './uws/server.ts';

export interface GatewayDependencies {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** How clients reach this node; null: by the address it listens on. */
  readonly publicUrl: string | null;
  readonly allowedOrigins: readonly string[];
  readonly trustProxy: number;
  /** What /metrics asks for; null: nothing. */
  readonly metricsToken: string | null;
  /** Folder of the built web page; null: no page. */
  readonly webRoot: string | null;
  /** A folder of this process's own; emptied at start. */
  readonly spoolDir: string;
  readonly services: Services;
  readonly sessions: LiveSessions;
  readonly authenticator: Authenticator;
  readonly blobs: BlobStore;
  readonly rateLimiter: RateLimiter;
  readonly operations: readonly Operation[];
  /** Who may say that bytes have come into the blob store; null: nobody. */
  readonly storageEvents: StorageEvents | null;
  /** The OpenAPI document, plain JSON. */
  readonly openApi: unknown;
  readonly ready: () => Promise<Readiness>;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Logger;
  readonly metrics: Metrics;
}

interface Parts {
  readonly server: UwsServer;
  readonly socketIo: SocketIoEndpoint;
  readonly connections: Connections;
  /** HTTP requests under way. */
  readonly requests: Gate;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly stopRevocations: () => void;
}

export class Gateway {
  readonly port: number;
  private readonly parts: Parts;
  private readonly leaving: { draining: boolean };
  private closed = false;

  private constructor(parts: Parts, leaving: { draining: boolean }) {
    this.port = parts.server.port;
    this.parts = parts;
    this.leaving = leaving;
  }

  static async open(dependencies: GatewayDependencies): Promise<Gateway> {
    const { clock, limits, metrics, services, authenticator } = dependencies;
    await rm(dependencies.spoolDir, { recursive: true, force: true });
    await mkdir(dependencies.spoolDir, { recursive: true });
    const leaving = { draining: false };
    const connections = new Connections(clock, limits);
    const origins = new OriginPolicy(dependencies.allowedOrigins, dependencies.publicUrl);
    const requestIds = new RequestIds(clock);
    const runner = new OperationRunner(dependencies);
    const context: ConnectionContext = {
      ...dependencies,
      operations: new Map(dependencies.operations.map((operation) => [operation.name, operation])),
      runner,
      connections,
      requestIds,
      topics: new TopicHub(services),
      metrics: {
        closed: metrics.counter('connections_closed', 'Connections that the server closed, for whatever reason.'),
      },
    };
    metrics.gauge('connections', 'Live connections, native and socket.io.', () => connections.count);
    metrics.gauge('connections_half_open', 'Live connections that are not welcomed yet.', () => connections.halfOpen);
    const requests = new Gate(limits.httpRequestsInFlightMax);
    const handler = await createHandler(dependencies, { runner, origins, leaving, requests });
    const { trustProxy } = dependencies;
    const socketIo = new SocketIoEndpoint({ context, origins, trustProxy });
    const server = await UwsServer.open(dependencies, (app) => {
      new NativeEndpoint({ context, origins, trustProxy, metrics }).attach(app);
      socketIo.attach(app);
      new HttpEndpoint({ handler, requestIds, trustProxy, clock, metrics }).attach(app);
    });
    connections.start();
    const stopRevocations = authenticator.onRevoked((sessionId) => connections.revoke(sessionId));
    return new Gateway({ server, socketIo, connections, requests, clock, limits, stopRevocations }, leaving);
  }

  /**
   * Takes nobody in any more, asks every connection to go, closes those that stay, and lets requests under way be
   * answered. `close` must follow.
   */
  async drain(): Promise<void> {
    this.leaving.draining = true;
    this.parts.server.stopListening();
    const { connections, requests, clock, limits } = this.parts;
    const answered = Promise.race([requests.idle(), sleep(clock, limits.drainTimeoutMs)]);
    await Promise.all([connections.drain(), answered]);
  }

  /** Ends everything at once. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const { server, socketIo, connections, stopRevocations } = this.parts;
    stopRevocations();
    connections.stop();
    server.stopListening();
    connections.closeAll('draining');
    await socketIo.close();
    server.close();
  }
}

async function createHandler(
  dependencies: GatewayDependencies,
  parts: { runner: OperationRunner; origins: OriginPolicy; leaving: { readonly draining: boolean }; requests: Gate },
): Promise<HttpHandler> {
  const { limits, publicUrl, log } = dependencies;
  const gate = new Gate(limits.uploadsConcurrent);
  // Later routes win: the form at POST /v1/photos takes the place of an operation with that path.
  const routes = new RouteTable([
    ...restRoutes({ ...dependencies, runner: parts.runner }),
    ...uploadRoutes({ ...dependencies, runner: parts.runner, gate }),
    ...mediaRoutes({ blobs: dependencies.blobs, gate: new Gate(limits.picturesConcurrent) }),
    ...storageEventRoutes(dependencies),
    ...systemRoutes({ ...dependencies, isDraining: () => parts.leaving.draining }),
  ]);
  const imageOrigins = publicUrl === null ? [] : [new URL(publicUrl).origin];
  return createApplication({
    routes,
    files: await StaticFiles.open(dependencies.webRoot, limits, imageOrigins),
    origins: parts.origins,
    gate: parts.requests,
    log,
    secure: publicUrl?.startsWith('https:') ?? false,
  });
}
