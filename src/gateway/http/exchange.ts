/** A request and its answer as plain data: routes are functions from one to the other and know no server. */
import type { BlobContent } from '../../storage/blob-store.ts';

export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** Percent-encoded, as it came, without the query. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly clientAddress: string;
  readonly requestId: string;
  /** Read at most once. Throws when the client goes away before its end. */
  readonly body: RequestBody;
}

/** A piece is the reader's until it asks for the next: its memory is used again. */
export interface RequestBody extends AsyncIterable<Uint8Array> {
  /** All of it in one piece, instead of iterating; null if it is longer than `bytesMax`, and then it cannot be read. */
  whole(bytesMax: number): Promise<Uint8Array | null>;
  /** Makes the reader fail with this error, whatever it waits for. */
  fail(error: Error): void;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * A stream comes with its exact length, and is destroyed once it is sent or nobody wants it any more. Answers to HEAD carry
   * the body too: the server leaves it out.
   */
  readonly body: string | Uint8Array | { readonly stream: BlobContent; readonly bytes: number } | null;
}

export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;

export function jsonResponse(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

export function emptyResponse(status: number, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers, body: null };
}
