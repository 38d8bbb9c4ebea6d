/** Health and metrics of a process that serves nothing else: what an orchestrator asks, at the paths a node has too. */
import { createServer, type Server } from 'node:http';
import { isBearer } from '../gateway/http/bearer.ts';
import type { Metrics } from '../metrics.ts';
import type { ReadinessVerdict } from './readiness.ts';

export interface HealthServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: Metrics;
  /** What /metrics asks for; null: nothing. */
  readonly metricsToken: string | null;
  readonly ready: () => Promise<ReadinessVerdict>;
}

export class HealthServer {
  readonly port: number;
  private readonly server: Server;

  private constructor(server: Server, port: number) {
    this.server = server;
    this.port = port;
  }

  static async open(options: HealthServerOptions): Promise<HealthServer> {
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      answer(options, path, request.headers.authorization)
        .catch(() => ({ status: 500, type: 'text/plain', body: '' }))
        .then(
          ({ status, type, body }) => {
            response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' });
            response.end(body);
          },
          () => undefined,
        );
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : options.port);
      });
    });
    return new HealthServer(server, port);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function answer(
  { metrics, metricsToken, ready }: HealthServerOptions,
  path: string,
  authorization: string | undefined,
): Promise<Answer> {
  switch (path) {
    case '/health/live':
      return json(200, { ok: true });
    case '/health/ready': {
      const verdict = await ready();
      return json(verdict.ok ? 200 : 503, verdict);
    }
    case '/metrics':
      if (metricsToken !== null && !isBearer(authorization, metricsToken)) return json(401, { ok: false });
      return { status: 200, type: metrics.contentType, body: await metrics.text() };
    default:
      return json(404, { ok: false });
  }
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}
