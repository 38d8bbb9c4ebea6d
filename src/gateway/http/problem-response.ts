/** A refusal as an HTTP answer. */
import type { Problem } from '../../errors.ts';
import { PROBLEM_CONTENT_TYPE, problemDocument } from '../problem-document.ts';
import type { HttpResponse } from './exchange.ts';

export function problemResponse(
  problem: Problem,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    status: problem.status,
    headers: {
      'Content-Type': PROBLEM_CONTENT_TYPE,
      'Cache-Control': 'no-store',
      ...retryHeader(problem),
      ...(problem.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
      ...headers,
    },
    body: JSON.stringify(problemDocument(problem, requestId)),
  };
}

function retryHeader(problem: Problem): Readonly<Record<string, string>> {
  if (problem.retryAfterMs !== null) return { 'Retry-After': String(Math.ceil(problem.retryAfterMs / 1000)) };
  return problem.status === 503 ? { 'Retry-After': '1' } : {};
}
