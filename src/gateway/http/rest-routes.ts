/** The operations catalogue as REST routes: path and query, or path and body, become the input; the output the answer. */
import { type Clock, nextTurn } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import type { Authenticator } from '../auth/accounts.ts';
import type { Operation } from '../operation.ts';
import type { RateVerdict } from '../rate-limit.ts';
import { EncodedPage } from '../post-pages.ts';
import { type OperationRunner, rateLimited } from '../run-operation.ts';
import { idempotencyKeyOf, viewerOf } from './caller.ts';
import { matchesTag, weakTag } from './conditional.ts';
import { emptyResponse, type HttpRequest, type HttpResponse, jsonResponse } from './exchange.ts';
import { problemResponse } from './problem-response.ts';
import { jsonBounds, readJsonObject, type WholeBodyBounds } from './request-body.ts';
import type { PathParameters, Route } from './route-table.ts';

export interface RestDependencies {
  readonly operations: readonly Operation[];
  readonly runner: OperationRunner;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly limits: Limits;
}

export function restRoutes(dependencies: RestDependencies): Route[] {
  const { runner, authenticator } = dependencies;
  const caller: Caller = { runner, authenticator, bounds: jsonBounds(dependencies) };
  return dependencies.operations.flatMap((operation) =>
    operation.paths.map((path) => ({
      method: operation.method,
      path,
      handle: (request: HttpRequest, parameters: PathParameters) => call(caller, operation, request, parameters),
    })),
  );
}

interface Caller extends Pick<RestDependencies, 'runner' | 'authenticator'> {
  readonly bounds: WholeBodyBounds;
}

async function call(
  { runner, authenticator, bounds }: Caller,
  operation: Operation,
  request: HttpRequest,
  parameters: PathParameters,
): Promise<HttpResponse> {
  const purpose = operation.rate === 'read' ? 'reading' : 'writing';
  const viewer = operation.auth === 'stranger' ? null : await viewerOf(authenticator, request, purpose);
  // Before the body is read: strangers may not make the server read one.
  if (operation.auth === 'user' && viewer === null) throw new Problem('unauthenticated');
  const idempotencyKey = idempotencyKeyOf(request);
  const given = inQuery(operation.method) ? queryOf(request.query) : await readJsonObject(request, bounds);
  const input = { ...given, ...parameters };
  const { clientAddress, requestId } = request;
  const outcome = await runner.run({
    operation,
    input,
    viewer,
    idempotencyKey,
    clientAddress,
    requestId,
    encoded: true,
  });
  // What a command made known leaves in the next turn, to many: its caller's answer is one more, and goes behind them.
  if (operation.method !== 'GET') await nextTurn();
  const quota = outcome.quota === null ? {} : quotaHeaders(outcome.quota);
  if (!outcome.ok) return problemResponse(outcome.problem, requestId, quota);
  return success(operation, request, outcome.output, quota);
}

function success(
  operation: Operation,
  request: HttpRequest,
  output: unknown,
  quota: Readonly<Record<string, string>>,
): HttpResponse {
  if (operation.status === 204) return emptyResponse(204, quota);
  if (operation.method !== 'GET')
    return jsonResponse(operation.status, output, { ...quota, 'Cache-Control': 'no-store' });
  const { body, etag } = bodyOf(output);
  const headers = { ...quota, ...nextLink(request, output), ETag: etag, 'Cache-Control': 'private, no-cache' };
  if (matchesTag(request.headers.get('if-none-match'), etag)) return emptyResponse(304, headers);
  return { status: 200, headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' }, body };
}

function bodyOf(output: unknown): { readonly body: string | Uint8Array; readonly etag: string } {
  if (output instanceof EncodedPage) return { body: output.bytes, etag: output.etag };
  const body = JSON.stringify(output);
  return { body, etag: weakTag(body) };
}

/** Addresses are logged and remembered on the way: what a call with a body is told never comes from its query. */
function inQuery(method: Operation['method']): boolean {
  return method === 'GET' || method === 'DELETE';
}

/** A value given once is a text, one given several times a list. */
function queryOf(query: string): Record<string, string | string[]> {
  if (query === '') return {};
  const parameters = new URLSearchParams(query);
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

function nextLink(request: HttpRequest, output: unknown): Readonly<Record<string, string>> {
  if (typeof output !== 'object' || output === null || !('nextCursor' in output)) return {};
  if (typeof output.nextCursor !== 'string') return {};
  const parameters = new URLSearchParams(request.query);
  parameters.set('cursor', output.nextCursor);
  return { Link: `<${request.path}?${parameters.toString()}>; rel="next"` };
}

/** `RateLimit-Reset` and `Retry-After` are whole seconds. */
export function quotaHeaders(quota: RateVerdict): Readonly<Record<string, string>> {
  return {
    'RateLimit-Limit': String(quota.limit),
    'RateLimit-Remaining': String(quota.remaining),
    'RateLimit-Reset': String(Math.ceil(quota.resetMs / 1000)),
  };
}

/** For routes that are no operations: throws `rate-limited`. */
export function requireQuota(quota: RateVerdict): void {
  if (!quota.allowed) throw rateLimited(quota);
}
