/** Request ids: what a client, a log line and an error report call the same request. */
import type { Clock } from '../clock.ts';

/** What a caller may send as its own `X-Request-Id`. */
const REQUEST_ID_PATTERN = /^[\w.-]{8,64}$/;

export class RequestIds {
  private readonly prefix: string;
  private count = 0;

  constructor(clock: Pick<Clock, 'randomBytes'>) {
    this.prefix = clock.randomBytes(6).toString('base64url');
  }

  next(): string {
    return `${this.prefix}-${(++this.count).toString(36)}`;
  }

  /** The caller's own, if it is a sane one, else a new one. */
  of(header: string | undefined): string {
    return header !== undefined && REQUEST_ID_PATTERN.test(header) ? header : this.next();
  }
}
