/**
 * Sends the bytes of a photo to the place the server gave for them. With progress in browsers (XMLHttpRequest is the only
 * one that tells), by `fetch` elsewhere. Repeating is safe: the place takes the same bytes again until they are processed.
 */
import { parseJson, toProblem } from './http.ts';
import { clientLimits } from './limits.ts';
import { backoffMs, pause, type Platform } from './platform.ts';
import { abortedProblem, asProblem, networkProblem, type ProblemError } from './problem.ts';
import type { UploadSlot } from './wire.ts';

export type UploadBytes = Blob | Uint8Array<ArrayBuffer>;

export interface UploadOptions {
  /** Called with 0 … 1. */
  readonly onProgress?: (part: number) => void;
  readonly signal?: AbortSignal;
}

export async function upload(
  platform: Platform,
  slot: Pick<UploadSlot, 'uploadUrl' | 'headers'>,
  bytes: UploadBytes,
  options: UploadOptions = {},
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await put(platform, slot, bytes, options);
      options.onProgress?.(1);
      return;
    } catch (error) {
      const problem = asProblem(error);
      if (!problem.retryable || attempt + 1 >= clientLimits.requestAttempts) throw problem;
      options.onProgress?.(0);
      const jitter = backoffMs(platform, attempt, clientLimits.requestBaseMs, clientLimits.requestCapMs);
      await pause(platform, (problem.retryAfterMs ?? 0) + jitter, options.signal).catch(() => {
        throw abortedProblem();
      });
    }
  }
}

function put(
  platform: Platform,
  slot: Pick<UploadSlot, 'uploadUrl' | 'headers'>,
  bytes: UploadBytes,
  options: UploadOptions,
): Promise<void> {
  const { XMLHttpRequest } = globalThis as unknown as { XMLHttpRequest?: new () => ProgressRequest };
  return XMLHttpRequest === undefined || options.onProgress === undefined
    ? putByFetch(platform, slot, bytes, options)
    : putByRequest(new XMLHttpRequest(), slot, bytes, options);
}

async function putByFetch(
  platform: Platform,
  slot: Pick<UploadSlot, 'uploadUrl' | 'headers'>,
  bytes: UploadBytes,
  options: UploadOptions,
): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const deadline = platform.after(clientLimits.uploadTimeoutMs, stop);
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    if (options.signal?.aborted === true) throw abortedProblem();
    const init = { method: 'PUT', headers: { ...slot.headers }, body: bytes, signal: controller.signal };
    const response = await platform.fetch(slot.uploadUrl, init);
    const text = await response.text();
    if (!response.ok) throw refusal(response.status, text);
  } catch (error) {
    throw options.signal?.aborted === true ? abortedProblem() : asProblem(error);
  } finally {
    deadline.cancel();
    options.signal?.removeEventListener('abort', stop);
  }
}

/** The part of XMLHttpRequest that is used. */
interface ProgressRequest {
  readonly upload: { onprogress: ((event: { loaded: number; total: number }) => void) | null };
  readonly status: number;
  readonly responseText: string;
  timeout: number;
  onload: (() => void) | null;
  onerror: (() => void) | null;
  ontimeout: (() => void) | null;
  onabort: (() => void) | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  send(body: UploadBytes): void;
  abort(): void;
}

function putByRequest(
  request: ProgressRequest,
  slot: Pick<UploadSlot, 'uploadUrl' | 'headers'>,
  bytes: UploadBytes,
  options: UploadOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    request.open('PUT', slot.uploadUrl);
    request.timeout = clientLimits.uploadTimeoutMs;
    for (const [name, value] of Object.entries(slot.headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      if (event.total > 0) options.onProgress?.(Math.min(0.99, event.loaded / event.total));
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(refusal(request.status, request.responseText));
    };
    request.onerror = () => reject(networkProblem());
    request.ontimeout = () => reject(networkProblem());
    request.onabort = () => reject(abortedProblem());
    options.signal?.addEventListener('abort', () => request.abort(), { once: true });
    request.send(bytes);
  });
}

function refusal(status: number, text: string): ProblemError {
  return toProblem(status, undefined, parseJson(text));
}
