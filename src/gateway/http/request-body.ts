/** Reading request bodies: bounded in bytes and in time. */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { HttpRequest } from './exchange.ts';

export interface BodyBounds {
  readonly clock: Clock;
  readonly bytesMax: number;
  readonly timeoutMs: number;
}

/** The body's chunks. Throws `payload-too-large` (as early as the announced length tells) and `timeout`. */
export async function* boundedBody(request: HttpRequest, bounds: BodyBounds): AsyncGenerator<Uint8Array> {
  const tooLarge = () =>
    new Problem('payload-too-large', { detail: `At most ${bounds.bytesMax} bytes are taken here.` });
  if (Number(request.headers.get('content-length') ?? 0) > bounds.bytesMax) throw tooLarge();
  const timer = bounds.clock.after(bounds.timeoutMs, () => {
    request.body.fail(new Problem('timeout', { detail: 'The body took too long to arrive.' }));
  });
  try {
    let bytes = 0;
    for await (const chunk of request.body) {
      bytes += chunk.byteLength;
      if (bytes > bounds.bytesMax) throw tooLarge();
      yield chunk;
    }
  } finally {
    timer.cancel();
  }
}

/** The body as a JSON object; an empty body is an empty object. */
export async function readJsonObject(request: HttpRequest, bounds: BodyBounds): Promise<Record<string, unknown>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of boundedBody(request, bounds)) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
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
