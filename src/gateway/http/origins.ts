/** Which web origins may call: the server's own and those of the allow-list. No `Origin` at all is a native app. */
import type { HttpRequest } from './exchange.ts';

const ALLOWED_HEADERS = 'Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Request-Id';
const EXPOSED_HEADERS =
  'ETag, Link, Location, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, X-Request-Id';

export class OriginPolicy {
  private readonly allowed: ReadonlySet<string>;

  constructor(allowedOrigins: readonly string[], publicUrl: string | null) {
    const urls = publicUrl === null ? allowedOrigins : [...allowedOrigins, publicUrl];
    this.allowed = new Set(urls.map((url) => new URL(url).origin));
  }

  /** Same host as the request was sent to, listed, or no browser at all. */
  permits(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined || origin === '') return true;
    if (this.allowed.has(origin)) return true;
    const url = URL.parse(origin);
    return url !== null && /^https?:$/.test(url.protocol) && host !== undefined && url.host === host.toLowerCase();
  }

  /** CORS headers of an answer; nothing for origins that are not permitted, and browsers then keep the answer from the page. */
  headersFor(request: HttpRequest): Readonly<Record<string, string>> {
    const origin = request.headers.get('origin');
    if (origin === undefined || !this.permits(origin, request.headers.get('host'))) return { Vary: 'Origin' };
    return {
      Vary: 'Origin',
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': EXPOSED_HEADERS,
    };
  }

  preflightHeaders(request: HttpRequest, methods: readonly string[]): Readonly<Record<string, string>> {
    const cors = this.headersFor(request);
    if (cors['Access-Control-Allow-Origin'] === undefined) return cors;
    return {
      ...cors,
      'Access-Control-Allow-Methods': methods.join(', '),
      'Access-Control-Allow-Headers': ALLOWED_HEADERS,
      'Access-Control-Max-Age': '600',
    };
  }
}
