/**
 * One REST call with its retries: what can help to repeat is repeated with full jitter and the same idempotency key, so
 * that it takes effect once; everything else is a `ProblemError` at once.
 */
import { clientLimits } from './limits.ts';
import { backoffMs, pause, type Platform } from './platform.ts';
import {
  abortedProblem,
  asProblem,
  isProblemDocument,
  networkProblem,
  ProblemError,
  signedOutProblem,
  strangeAnswer,
} from './problem.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query. */
  readonly path: string;
  /** JSON, or a form. */
  readonly body?: unknown;
  /** `required`: fail when nobody is signed in. `if-any`: sign when somebody is. `none`: never. */
  readonly auth: 'required' | 'if-any' | 'none';
  /** Creates something: sent with an idempotency key, the same on every try. A given one survives restarts. */
  readonly key?: string | true;
  /** Set where a lost answer may not be repeated. */
  readonly once?: boolean;
  readonly signal?: AbortSignal;
}

export interface HttpPorts {
  readonly url: string;
  readonly platform: Platform;
  /** Null when nobody is signed in. `refused`: a token that was not taken. */
  token(refused?: string): Promise<string | null>;
}

export class Http {
  private readonly ports: HttpPorts;

  constructor(ports: HttpPorts) {
    this.ports = ports;
  }

  async send<Result>(call: Call): Promise<Result> {
    const key = call.key === true ? this.ports.platform.uniqueId() : call.key;
    let refused: string | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        return (await this.attempt(call, key, refused)) as Result;
      } catch (error) {
        const failure = error instanceof Refused ? error.problem : asProblem(error);
        if (error instanceof Refused && refused === undefined) {
          refused = error.token;
          continue;
        }
        const lostAnswer = failure.status === 0 || failure.status === 504;
        const repeat = failure.retryable && !(call.once === true && lostAnswer);
        if (!repeat || attempt + 1 >= clientLimits.requestAttempts) throw failure;
        const { platform } = this.ports;
        const jitter = backoffMs(platform, attempt, clientLimits.requestBaseMs, clientLimits.requestCapMs);
        await pause(platform, (failure.retryAfterMs ?? 0) + jitter, call.signal).catch(() => {
          throw abortedProblem();
        });
      }
    }
  }

  private async attempt(call: Call, key: string | undefined, refused: string | undefined): Promise<unknown> {
    const token = call.auth === 'none' ? null : await this.ports.token(refused);
    if (token === null && call.auth === 'required') throw signedOutProblem();
    const form = typeof FormData !== 'undefined' && call.body instanceof FormData;
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== null) headers['authorization'] = `Bearer ${token}`;
    if (key !== undefined) headers['idempotency-key'] = key;
    if (call.body !== undefined && !form) headers['content-type'] = 'application/json';
    const body = call.body === undefined ? null : form ? (call.body as FormData) : JSON.stringify(call.body);
    const { status, retryAfterMs, value } = await this.exchange(call, headers, body);
    if (status >= 200 && status < 300) return value;
    const problem = toProblem(status, retryAfterMs, value);
    if (problem.code === 'unauthenticated' && token !== null) throw new Refused(token, problem);
    throw problem;
  }

  private async exchange(call: Call, headers: Record<string, string>, body: string | FormData | null): Promise<Answer> {
    const { platform, url } = this.ports;
    const controller = new AbortController();
    const stop = (): void => controller.abort();
    const deadline = platform.after(clientLimits.requestTimeoutMs, stop);
    call.signal?.addEventListener('abort', stop, { once: true });
    try {
      if (call.signal?.aborted === true) throw abortedProblem();
      const init = { method: call.method, headers, body, signal: controller.signal };
      const response = await platform.fetch(`${url}${call.path}`, init);
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
      return { status: response.status, retryAfterMs, value: parseJson(await response.text()) };
    } catch (error) {
      throw call.signal?.aborted === true ? abortedProblem() : networkProblem(error);
    } finally {
      deadline.cancel();
      call.signal?.removeEventListener('abort', stop);
    }
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly value: unknown;
}

/** The token was not taken: worth one try with a fresh one. */
class Refused extends Error {
  readonly token: string;
  readonly problem: ProblemError;

  constructor(token: string, problem: ProblemError) {
    super(problem.message);
    this.token = token;
    this.problem = problem;
  }
}

export function toProblem(status: number, retryAfterMs: number | undefined, value: unknown): ProblemError {
  if (!isProblemDocument(value)) return strangeAnswer(status);
  const waitMs = value.retryAfterMs ?? retryAfterMs;
  return new ProblemError(waitMs === undefined ? value : { ...value, retryAfterMs: waitMs });
}

export function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
