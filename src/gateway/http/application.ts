/**
 * The HTTP side as one function from request to answer:
 *
 *   gate → preflight → route → handler → problem document → CORS and security headers
 */
import { assertNever } from '../../assert-never.ts';
import { asProblem, Problem } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { describe } from '../run-operation.ts';
import type { Gate } from './gate.ts';
import { emptyResponse, type HttpHandler, type HttpRequest, type HttpResponse } from './exchange.ts';
import type { OriginPolicy } from './origins.ts';
import { problemResponse } from './problem-response.ts';
import type { RouteTable } from './route-table.ts';
import type { StaticFiles } from './static-files.ts';

export interface ApplicationDependencies {
  readonly routes: RouteTable;
  readonly files: StaticFiles;
  readonly origins: OriginPolicy;
  readonly gate: Gate;
  readonly log: Logger;
  /** Whether clients reach us by https: then they are told to stay there. */
  readonly secure: boolean;
}

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

export function createApplication(dependencies: ApplicationDependencies): HttpHandler {
  const common: Readonly<Record<string, string>> = {
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    ...(dependencies.secure ? { 'Strict-Transport-Security': 'max-age=31536000' } : {}),
  };
  return async (request) => {
    const answer = await answerTo(dependencies, request);
    const headers = {
      ...common,
      ...dependencies.origins.headersFor(request),
      'X-Request-Id': request.requestId,
      ...answer.headers,
    };
    return { ...answer, headers };
  };
}

async function answerTo(dependencies: ApplicationDependencies, request: HttpRequest): Promise<HttpResponse> {
  try {
    return await dependencies.gate.run(() => dispatch(dependencies, request));
  } catch (error) {
    const problem = asProblem(error);
    if (problem.code === 'internal') {
      const { method, requestId } = request;
      dependencies.log.error('request failed', { method, requestId, cause: describe(problem.cause) });
    }
    return problemResponse(problem, request.requestId);
  }
}

async function dispatch(dependencies: ApplicationDependencies, request: HttpRequest): Promise<HttpResponse> {
  const { routes, files, origins } = dependencies;
  if (request.method === 'OPTIONS') return preflight(dependencies, request);
  const match = routes.match(request.method, request.path);
  switch (match.kind) {
    case 'found':
      return match.route.handle(request, match.parameters);
    case 'wrong-method':
      return problemResponse(new Problem('method-not-allowed'), request.requestId, {
        Allow: match.allowed.join(', '),
        ...origins.headersFor(request),
      });
    case 'unknown':
      if (request.method === 'GET' || request.method === 'HEAD') return files.serve(request);
      throw new Problem('not-found', { detail: 'There is nothing at this path.' });
    default:
      return assertNever(match);
  }
}

function preflight({ routes, origins }: ApplicationDependencies, request: HttpRequest): HttpResponse {
  const match = routes.match('OPTIONS', request.path);
  const methods = match.kind === 'wrong-method' ? match.allowed : METHODS;
  return emptyResponse(204, { Allow: methods.join(', '), ...origins.preflightHeaders(request, methods) });
}
