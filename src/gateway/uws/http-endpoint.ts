/** Carries requests and answers between uWebSockets.js and the HTTP application. After an abort a response is never touched. */
import { STATUS_CODES } from 'node:http';
import type { HttpRequest as UwsRequest, HttpResponse as UwsResponse, TemplatedApp } from 'uWebSockets.js';
import type { Clock } from '../../clock.ts';
import { Deadlines } from '../../deadlines.ts';
import { limits } from '../../limits.ts';
import type { Metrics } from '../../metrics.ts';
import { forwardedAddress } from '../http/client-address.ts';
import { ReusedMemory } from '../../reused-memory.ts';
import type { HttpHandler, HttpRequest, HttpResponse, RequestBody } from '../http/exchange.ts';
import type { BlobContent } from '../../storage/blob-store.ts';
import type { RequestIds } from '../request-ids.ts';
import { UwsRequestBody } from './request-body.ts';

export interface HttpEndpointDependencies {
  readonly handler: HttpHandler;
  readonly requestIds: RequestIds;
  readonly trustProxy: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

const BODILESS_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

const NO_BODY: RequestBody = {
  fail() {},
  whole: () => Promise.resolve(new Uint8Array()),
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

export class HttpEndpoint {
  private readonly dependencies: HttpEndpointDependencies;
  private readonly requests: ReturnType<Metrics['counter']>;
  private readonly duration: ReturnType<Metrics['timing']>;
  private readonly slowBodies: Deadlines;
  private readonly memory = new ReusedMemory(limits.requestBlockBytes, limits.requestBlocksKept);

  constructor(dependencies: HttpEndpointDependencies) {
    this.dependencies = dependencies;
    this.slowBodies = new Deadlines(dependencies.clock, limits.requestBodyExtendMs);
    this.requests = dependencies.metrics.counter('http_requests', 'HTTP requests that were answered.');
    this.duration = dependencies.metrics.timing('http_request', 'How long HTTP requests took.');
  }

  attach(app: TemplatedApp): void {
    app.any('/*', (response, request) => {
      void this.serve(response, request);
    });
  }

  private async serve(response: UwsResponse, uwsRequest: UwsRequest): Promise<void> {
    const { handler, clock } = this.dependencies;
    const startedAt = clock.monotonic();
    const exchange = new Exchange(response, uwsRequest.getCaseSensitiveMethod().toUpperCase());
    if (!BODILESS_METHODS.has(exchange.method)) exchange.body = this.bodyOf(response, uwsRequest);
    const request = this.read(response, uwsRequest, exchange);
    const answer = await handler(request);
    exchange.answer(answer);
    this.requests.add();
    this.duration.observeMs(clock.monotonic() - startedAt);
  }

  private bodyOf(response: UwsResponse, request: UwsRequest): UwsRequestBody {
    const { clock } = this.dependencies;
    const isLarge = Number(request.getHeader('content-length')) > limits.bodyBytesMax;
    return new UwsRequestBody(response, { clock, slow: this.slowBodies, memory: isLarge ? this.memory : null });
  }

  /** Copies what is needed: the request object lives only in this turn. */
  private read(response: UwsResponse, request: UwsRequest, exchange: Exchange): HttpRequest {
    const headers = new Map<string, string>();
    request.forEach((name, value) => headers.set(name, value));
    const { trustProxy, requestIds } = this.dependencies;
    return {
      method: exchange.method,
      path: request.getUrl(),
      query: request.getQuery(),
      headers,
      clientAddress:
        forwardedAddress(headers.get('x-forwarded-for'), trustProxy) ??
        Buffer.from(response.getRemoteAddressAsText()).toString(),
      requestId: requestIds.of(headers.get('x-request-id')),
      body: exchange.body ?? NO_BODY,
    };
  }
}

/** One response: knows whether it is still there, and writes the answer once. */
class Exchange {
  readonly method: string;
  body: UwsRequestBody | null = null;
  private readonly response: UwsResponse;
  private gone = false;
  private stream: BlobContent | null = null;
  /** Ends the wait for room in the socket. */
  private unblock: (() => void) | null = null;
  private writing: Writing | null = null;

  constructor(response: UwsResponse, method: string) {
    this.response = response;
    this.method = method;
    response.onAborted(() => {
      this.gone = true;
      this.body?.aborted();
      this.stream?.destroy();
      this.unblock?.();
    });
  }

  answer(answer: HttpResponse): void {
    const { body } = answer;
    const stream = typeof body === 'object' && body !== null && 'stream' in body ? body : null;
    if (this.gone || (stream !== null && this.method === 'HEAD')) stream?.stream.destroy();
    if (this.gone) return;
    this.body?.release();
    this.response.cork(() => {
      this.response.writeStatus(`${answer.status} ${STATUS_CODES[answer.status] ?? ''}`);
      for (const name in answer.headers) this.response.writeHeader(name, answer.headers[name] ?? '');
      if (stream !== null) {
        if (this.method === 'HEAD') this.finish(() => this.response.endWithoutBody(stream.bytes));
        return;
      }
      const content = (body as string | Uint8Array | null) ?? '';
      if (this.method === 'HEAD') this.finish(() => this.response.endWithoutBody(Buffer.byteLength(content)));
      else if (answer.status === 204 || answer.status === 304) this.finish(() => this.response.endWithoutBody());
      else this.finish(() => this.response.end(content));
    });
    if (stream !== null && this.method !== 'HEAD') void this.pump(stream.stream, stream.bytes);
  }

  private finish(end: () => void): void {
    this.gone = true;
    end();
  }

  /** Sends a stream of known length as fast as the socket takes it. A stream that breaks or ends early breaks the connection. */
  private async pump(stream: BlobContent, bytes: number): Promise<void> {
    this.stream = stream;
    this.response.onWritable((offset) => this.writable(offset));
    try {
      let sent = 0;
      for await (const chunk of stream) {
        if (this.gone) return;
        sent += chunk.byteLength;
        await this.push(chunk, bytes);
      }
      if (bytes === 0 && !this.gone) this.response.cork(() => this.finish(() => this.response.end()));
      else if (sent < bytes && !this.gone) this.breakOff();
    } catch {
      if (!this.gone) this.breakOff();
    } finally {
      stream.destroy();
    }
  }

  private breakOff(): void {
    this.gone = true;
    this.response.close();
  }

  /** Resolves once the socket has taken the chunk, or is gone. */
  private push(chunk: Uint8Array, total: number): Promise<void> {
    const writing = { chunk, start: this.response.getWriteOffset(), total };
    if (this.attempt(writing, writing.start)) return Promise.resolve();
    this.writing = writing;
    return new Promise((resolve) => {
      this.unblock = resolve;
    });
  }

  /** The server keeps the first writable handler of a response for good: it is set once and looks at `writing`. */
  private writable(offset: number): boolean {
    if (this.writing === null || this.gone) return true;
    if (!this.attempt(this.writing, offset)) return false;
    this.writing = null;
    this.unblock?.();
    return true;
  }

  private attempt({ chunk, start, total }: Writing, offset: number): boolean {
    let taken = true;
    this.response.cork(() => {
      const [ok, done] = this.response.tryEnd(chunk.subarray(offset - start), total);
      if (done) this.gone = true;
      taken = ok || done;
    });
    return taken;
  }
}

/** A chunk of which the socket has taken the bytes up to its write offset. */
interface Writing {
  readonly chunk: Uint8Array;
  /** Offset of the chunk's first byte in the whole answer. */
  readonly start: number;
  /** Bytes of the whole answer. */
  readonly total: number;
}
