/**
 * The error catalogue. Every refusal a client can see is listed here once, with its HTTP status, whether trying again
 * can help, and (where it ends a connection) its close code. RFC 9457 problem documents and the table in
 * docs/protocol.md are made from it.
 */

interface CatalogueEntry {
  /** Safe to show to anyone; says what to do. */
  readonly message: string;
  readonly status: number;
  readonly retryable: boolean;
  /** 4000–4399: reconnect. 4400–4999: do not, until something changes. Absent: never ends a connection. */
  readonly closeCode?: number;
}

export const ERRORS = {
  // What the caller sent
  'invalid-request': { message: 'The request does not have the documented form.', status: 400, retryable: false },
  'invalid-cursor': {
    message: 'The cursor was not made by this server; start from the first page.',
    status: 400,
    retryable: false,
  },
  unauthenticated: {
    message: 'Sign in: the access token is missing, expired or not valid.',
    status: 401,
    retryable: false,
    closeCode: 4401,
  },
  'invalid-credentials': { message: 'The e-mail address or the password is wrong.', status: 401, retryable: false },
  forbidden: { message: 'You may not do this.', status: 403, retryable: false, closeCode: 4403 },
  'not-found': { message: 'There is nothing here, or you may not see it.', status: 404, retryable: false },
  'method-not-allowed': { message: 'This path does not take that method.', status: 405, retryable: false },
  conflict: { message: 'Someone else changed this first; read it again.', status: 409, retryable: false },
  'username-taken': { message: 'That user name is taken.', status: 409, retryable: false },
  'email-taken': { message: 'That e-mail address already has an account.', status: 409, retryable: false },
  'upload-incomplete': {
    message: 'The bytes have not arrived yet; send them to the upload URL.',
    status: 409,
    retryable: true,
  },
  'payload-too-large': {
    message: 'The body is larger than allowed here.',
    status: 413,
    retryable: false,
    closeCode: 4413,
  },
  'unsupported-media': {
    message: 'The file is not an image of a kind that is taken here.',
    status: 415,
    retryable: false,
  },
  'media-rejected': {
    message: 'The image could not be decoded or is beyond the stated bounds.',
    status: 422,
    retryable: false,
  },
  'idempotency-mismatch': {
    message: 'That idempotency key was used with another body.',
    status: 422,
    retryable: false,
  },
  'rate-limited': {
    message: 'Too many requests; wait as long as Retry-After says.',
    status: 429,
    retryable: true,
    closeCode: 4029,
  },
  // What the server could not do now
  overloaded: {
    message: 'The server is busy; try again in a moment with the same idempotency key.',
    status: 503,
    retryable: true,
    closeCode: 4013,
  },
  timeout: {
    message: 'It took too long; the outcome is unknown. Try again with the same idempotency key.',
    status: 504,
    retryable: true,
  },
  unavailable: {
    message: 'A part of the service is away; try again in a moment.',
    status: 503,
    retryable: true,
    closeCode: 4014,
  },
  internal: { message: 'Something went wrong on our side.', status: 500, retryable: true, closeCode: 4011 },
  // What ends a connection
  draining: { message: 'This node is leaving; reconnect.', status: 503, retryable: true, closeCode: 4001 },
  replaced: { message: 'The same device connected again.', status: 409, retryable: false, closeCode: 4409 },
  'no-acknowledgement': {
    message: 'No acknowledgement arrived in time; reconnect and resume.',
    status: 408,
    retryable: true,
    closeCode: 4008,
  },
  'too-slow': {
    message: 'The connection could not take what was sent; reconnect and resume.',
    status: 408,
    retryable: true,
    closeCode: 4009,
  },
  'hello-timeout': { message: 'No hello arrived in time.', status: 408, retryable: true, closeCode: 4010 },
  'protocol-error': {
    message: 'The message does not have the documented form.',
    status: 400,
    retryable: false,
    closeCode: 4400,
  },
  'unsupported-version': {
    message: 'This protocol version is not spoken here.',
    status: 400,
    retryable: false,
    closeCode: 4406,
  },
  'session-revoked': { message: 'This session was signed out.', status: 401, retryable: false, closeCode: 4410 },
  'origin-refused': {
    message: 'Pages of this origin may not connect.',
    status: 403,
    retryable: false,
    closeCode: 4412,
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERRORS;

export interface FieldError {
  /** Path into the input: `caption`, `photos.0.altText`. */
  readonly field: string;
  readonly reason: string;
}

/** A refusal from the catalogue. `detail` is shown to the caller: never put internals or personal data into it. */
export class Problem extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly fields: readonly FieldError[];
  readonly retryAfterMs: number | null;

  constructor(
    code: ErrorCode,
    options: { detail?: string; fields?: readonly FieldError[]; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(`${code}: ${options.detail ?? ERRORS[code].message}`, { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.detail = options.detail ?? ERRORS[code].message;
    this.fields = options.fields ?? [];
    this.retryAfterMs = options.retryAfterMs ?? null;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  get closeCode(): number {
    const entry: CatalogueEntry = ERRORS[this.code];
    return entry.closeCode ?? (entry.retryable ? 4011 : 4400);
  }
}

/** Anything thrown, as a Problem: what is not one already becomes `internal`, its text hidden. */
export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem('internal', { cause: error });
}

/** A part of the service could not be used just now, or not in time: nothing is wrong with what was asked for. */
export function isPassing(error: unknown): boolean {
  return error instanceof Problem && ['unavailable', 'timeout', 'overloaded'].includes(error.code);
}

/** A broken promise inside the program: ends what it is about (an activation, a request), never the process. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}

/** Why this node cannot start: told to the operator, with what to do, and never to a client. */
export class StartRefusal extends Error {
  override readonly name = 'StartRefusal';
}
