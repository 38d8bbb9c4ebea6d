/** RFC 9457 problem documents, the one form in which clients meet an error: REST bodies, `result` and `error` messages. */
import { ERRORS, type Problem } from '../errors.ts';
import type { ProblemDocument } from './protocol/messages.ts';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

export function problemDocument(problem: Problem, requestId: string | null = null): ProblemDocument {
  return {
    type: `urn:shutterline:error:${problem.code}`,
    title: ERRORS[problem.code].message,
    status: problem.status,
    code: problem.code,
    detail: problem.detail,
    retryable: problem.retryable,
    ...(problem.retryAfterMs === null ? {} : { retryAfterMs: problem.retryAfterMs }),
    ...(problem.fields.length === 0 ? {} : { errors: problem.fields }),
    ...(requestId === null ? {} : { requestId }),
  };
}
