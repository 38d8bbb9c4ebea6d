/** What operators and tools ask for: health, metrics, the OpenAPI document. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { Deadlines } from '../../deadlines.ts';
import { Problem } from '../../errors.ts';
import type { Metrics } from '../../metrics.ts';
import { bearerTokenOf } from './caller.ts';
import { weakTag } from './conditional.ts';
import { type HttpRequest, jsonResponse } from './exchange.ts';
import type { Route } from './route-table.ts';

export interface Readiness {
  readonly ok: boolean;
  /** By name: `ok`, or what is wrong in words that are safe to show. */
  readonly checks: Readonly<Record<string, string>>;
}

export interface SystemDependencies {
  readonly ready: () => Promise<Readiness>;
  /** True once the node has begun to leave: load balancers look elsewhere. */
  readonly isDraining: () => boolean;
  readonly metrics: Metrics;
  /** What /metrics asks for; null: nothing. */
  readonly metricsToken: string | null;
  readonly openApi: unknown;
  readonly clock: Clock;
}

const READY_DEADLINE_MS = 5_000;
const NO_STORE = { 'Cache-Control': 'no-store' };

export function systemRoutes(dependencies: SystemDependencies): Route[] {
  const { ready, isDraining, metrics, metricsToken, openApi, clock } = dependencies;
  const document = JSON.stringify(openApi);
  const deadlines = new Deadlines(clock, READY_DEADLINE_MS);
  const documentTag = weakTag(document);
  return [
    { method: 'GET', path: '/health/live', handle: async () => jsonResponse(200, { ok: true }, NO_STORE) },
    {
      method: 'GET',
      path: '/health/ready',
      handle: async () => {
        const failed: Readiness = { ok: false, checks: { readiness: 'no answer in time' } };
        const found = await deadlines.limit(ready(), () => new Problem('timeout')).catch(() => failed);
        const verdict = isDraining() ? { ok: false, checks: { ...found.checks, node: 'leaving' } } : found;
        return jsonResponse(verdict.ok ? 200 : 503, verdict, NO_STORE);
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      handle: async (request) => {
        if (metricsToken !== null) requireToken(request, metricsToken);
        const headers = { 'Content-Type': metrics.contentType, ...NO_STORE };
        return { status: 200, headers, body: await metrics.text() };
      },
    },
    {
      method: 'GET',
      path: '/openapi.json',
      handle: async () => ({
        status: 200,
        headers: { 'Content-Type': 'application/json; charset=utf-8', ETag: documentTag, 'Cache-Control': 'no-cache' },
        body: document,
      }),
    },
  ];
}

/** Compared by digest, so that neither length nor time tells how much of a guess was right. */
function requireToken(request: HttpRequest, token: string): void {
  const given = bearerTokenOf(request.headers.get('authorization') ?? '');
  if (given === null || !timingSafeEqual(digest(given), digest(token))) {
    throw new Problem('unauthenticated', {
      detail: 'The metrics are for whoever has the METRICS_TOKEN of this server.',
    });
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
