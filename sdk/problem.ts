/** Everything that can go wrong with a call, as one error type whose `code` is stable and whose `detail` can be shown. */
import type { FieldError, ProblemDocument } from './wire.ts';

/** The server's codes, and four of the client's own: `network`, `aborted`, `signed-out`, `bad-answer`. */
export class ProblemError extends Error {
  readonly code: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly detail: string;
  /** Whether trying again, with the same idempotency key, can help. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  readonly fields: readonly FieldError[];
  readonly requestId: string | null;

  constructor(document: Omit<ProblemDocument, 'type' | 'title'>, options: { cause?: unknown } = {}) {
    super(`${document.code}: ${document.detail}`, options);
    this.name = 'ProblemError';
    this.code = document.code;
    this.status = document.status;
    this.detail = document.detail;
    this.retryable = document.retryable;
    this.retryAfterMs = document.retryAfterMs ?? null;
    this.fields = document.errors ?? [];
    this.requestId = document.requestId ?? null;
  }
}

export function networkProblem(cause?: unknown): ProblemError {
  return new ProblemError(
    {
      code: 'network',
      status: 0,
      detail: 'The server cannot be reached. Check the connection and try again.',
      retryable: true,
    },
    { cause },
  );
}

export function abortedProblem(): ProblemError {
  return new ProblemError({ code: 'aborted', status: 0, detail: 'Stopped.', retryable: false });
}

export function signedOutProblem(): ProblemError {
  return new ProblemError({ code: 'signed-out', status: 401, detail: 'Sign in to go on.', retryable: false });
}

/** An answer that is not a problem document, such as a proxy's error page. */
export function strangeAnswer(status: number): ProblemError {
  return new ProblemError({
    code: 'bad-answer',
    status,
    detail: `The server answered with status ${status} and nothing that can be understood.`,
    retryable: status === 429 || status >= 500,
  });
}

export function isProblemDocument(value: unknown): value is ProblemDocument {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Partial<Record<keyof ProblemDocument, unknown>>;
  return (
    typeof fields.code === 'string' &&
    typeof fields.status === 'number' &&
    typeof fields.detail === 'string' &&
    typeof fields.retryable === 'boolean'
  );
}

export function asProblem(error: unknown): ProblemError {
  return error instanceof ProblemError ? error : networkProblem(error);
}
