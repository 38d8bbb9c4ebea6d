/**
 * The way to an S3 server. Every request is answered in bounded time or becomes `unavailable`; a connection that the server
 * had closed meanwhile is not an error: the request is sent again, which is safe because each has the same effect twice.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import { Client, type ClientOptions } from 'minio';
import type { Clock } from '../../clock.ts';
import { InvariantViolation, Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';

export interface S3Settings {
  /** `http://host:port` or `https://host`. */
  readonly endpoint: string;
  /** The same server as clients reach it; null: clients send their bytes through this node. */
  readonly publicEndpoint: string | null;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** How the server encrypts at rest; null: as the bucket is set already. */
  readonly encryption: { readonly algorithm: 'AES256' | 'aws:kms'; readonly keyId: string | null } | null;
  /** Whom the bucket tells that clients sent bytes; null: as the bucket is set already. */
  readonly eventsArn: string | null;
}

type Credentials = Pick<S3Settings, 'region' | 'accessKey' | 'secretKey'>;

/** What the client would wait for and try again by itself: it does neither in bounded time. */
const PASSING_STATUS: ReadonlySet<number> = new Set([408, 429, 499, 500, 502, 503, 504, 520]);

export class S3Session {
  readonly client: Client;
  readonly bucket: string;
  private readonly agent: http.Agent;
  private closed = false;

  constructor(settings: S3Settings, clock: Clock) {
    const secure = settings.endpoint.startsWith('https:');
    const pool = { keepAlive: true, maxSockets: limits.s3ConnectionsMax, maxFreeSockets: limits.s3ConnectionsIdleMax };
    this.agent = secure ? new https.Agent(pool) : new http.Agent(pool);
    this.bucket = settings.bucket;
    this.client = createClient(settings.endpoint, settings, {
      transport: { request: boundedRequest(secure ? https.request : http.request, clock) },
      transportAgent: this.agent,
    });
  }

  /** Null when the object (or bucket) is not there. */
  async find<Result>(operation: (client: Client, bucket: string) => Promise<Result>): Promise<Result | null> {
    try {
      return await this.twice(operation);
    } catch (error) {
      if (isMissing(error)) return null;
      throw engineProblem(error);
    }
  }

  async run<Result>(operation: (client: Client, bucket: string) => Promise<Result>): Promise<Result> {
    try {
      return await this.twice(operation);
    } catch (error) {
      throw engineProblem(error);
    }
  }

  close(): void {
    this.closed = true;
    this.agent.destroy();
  }

  private async twice<Result>(operation: (client: Client, bucket: string) => Promise<Result>): Promise<Result> {
    if (this.closed) throw new Problem('unavailable', { detail: 'The blob store is closed.' });
    try {
      return await operation(this.client, this.bucket);
    } catch (error) {
      if (!isBrokenConnection(error)) throw error;
      return await operation(this.client, this.bucket);
    }
  }
}

/** Makes no connection by itself: also good for signing what a client is to send elsewhere. */
export function createClient(endpoint: string, credentials: Credentials, options: Partial<ClientOptions> = {}): Client {
  const { protocol, hostname, port } = new URL(endpoint);
  const { region, accessKey, secretKey } = credentials;
  return new Client({
    ...options,
    endPoint: hostname.replace(/^\[(.*)\]$/, '$1'),
    useSSL: protocol === 'https:',
    ...(port === '' ? {} : { port: Number(port) }),
    region,
    accessKey,
    secretKey,
    retryOptions: { disableRetry: true },
  });
}

/** The code of the server's answer, or null for anything else. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null;
}

export function isMissing(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes(codeOf(error) ?? '');
}

function isBrokenConnection(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '');
}

export function engineProblem(error: unknown): unknown {
  if (error instanceof Problem || error instanceof InvariantViolation) return error;
  return new Problem('unavailable', { detail: 'The blob store cannot be used at the moment.', cause: error });
}

/** Ends a request whose answer does not begin in time; the body of an answer may then rest no longer than a slow reader does. */
function boundedRequest(request: typeof http.request, clock: Clock): typeof http.request {
  // The client calls it with options and a callback, and in no other way.
  const bounded = (options: http.RequestOptions, onResponse: (response: http.IncomingMessage) => void) => {
    const sent = request(options, (response) => {
      timer.cancel();
      sent.setTimeout(limits.s3BodyIdleMs, () => sent.destroy(new Error('the body came to rest')));
      // The client throws these away unread, which would keep the connection for ever.
      if (PASSING_STATUS.has(response.statusCode ?? 0)) response.resume();
      onResponse(response);
    });
    const timer = clock.after(limits.s3AnswerTimeoutMs, () => sent.destroy(new Error('no answer in time')));
    sent.once('close', () => timer.cancel());
    return sent;
  };
  return bounded as typeof http.request;
}
