/** Reading request bodies: bounded in bytes and in time. */
import type { Clock } from '../../clock.ts';
import { Deadlines } from '../../deadlines.ts';
import { Problem } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import type { HttpRequest } from './exchange.ts';

export interface BodyBounds {
  readonly clock: Clock;
  readonly bytesMax: number;
  readonly timeoutMs: number;
}

/** For bodies that are taken as a whole. */
export interface WholeBodyBounds {
  readonly bytesMax: number;
  readonly deadlines: Deadlines;
}

export function jsonBounds({ clock, limits }: { clock: Clock; limits: Limits }): WholeBodyBounds {
  return { bytesMax: limits.bodyBytesMax, deadlines: new Deadlines(clock, limits.requestBodyTimeoutMs) };
}

/** The body's pieces, each until the next is asked for. Throws `payload-too-large` (as early as the announced length tells) and `timeout`. */
export async function* boundedBody(request: HttpRequest, bounds: BodyBounds): AsyncGenerator<Uint8Array> {
  checkAnnounced(request, bounds.bytesMax);
  const timer = bounds.clock.after(bounds.timeoutMs, () => giveUp(request));
  try {
    let bytes = 0;
    for await (const chunk of request.body) {
      bytes += chunk.byteLength;
      if (bytes > bounds.bytesMax) throw tooLarge(bounds.bytesMax);
      yield chunk;
    }
  } finally {
    timer.cancel();
  }
}

/** The same in one piece. */
async function wholeBody(request: HttpRequest, { bytesMax, deadlines }: WholeBodyBounds): Promise<Uint8Array> {
  checkAnnounced(request, bytesMax);
  const deadline = deadlines.start(() => giveUp(request));
  try {
    const bytes = await request.body.whole(bytesMax);
    if (bytes === null) throw tooLarge(bytesMax);
    return bytes;
  } finally {
    deadline.met();
  }
}

function checkAnnounced(request: HttpRequest, bytesMax: number): void {
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge(bytesMax);
}

function tooLarge(bytesMax: number): Problem {
  return new Problem('payload-too-large', { detail: `At most ${bytesMax} bytes are taken here.` });
}

function giveUp(request: HttpRequest): void {
  request.body.fail(new Problem('timeout', { detail: 'The body took too long to arrive.' }));
}

/** The body as a JSON object; an empty body is an empty object. */
export async function readJsonObject(request: HttpRequest, bounds: WholeBodyBounds): Promise<Record<string, unknown>> {
  const bytes = await wholeBody(request, bounds);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  if (text.trim() === '') return {};
  const contentType = request.headers.get('content-type') ?? 'application/json';
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(contentType)) {
    throw new Problem('invalid-request', { detail: 'Send JSON, with Content-Type: application/json.' });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem('invalid-request', { detail: 'The body is not JSON.' });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Problem('invalid-request', { detail: 'The body must be a JSON object.' });
  }
  return value as Record<string, unknown>;
}
