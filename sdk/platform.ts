/**
 * What the client takes from where it runs: time, timers, randomness, `fetch`, `WebSocket`. The only file that touches
 * those globals, so that tests own the time and the network.
 */

export interface Timer {
  cancel(): void;
}

/** The part of a WebSocket that is used; the global one of browsers and of Node ≥ 22 fits. */
export interface SocketLike {
  readonly readyState: number;
  binaryType: 'blob' | 'arraybuffer';
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export interface Platform {
  /** Wall time in milliseconds since 1970. */
  now(): number;
  after(delayMs: number, task: () => void): Timer;
  /** Uniform in [0, 1). For jitter. */
  random(): number;
  /** A new random name: idempotency keys, devices. */
  uniqueId(): string;
  readonly fetch: typeof fetch;
  openSocket(url: string, protocols: readonly string[]): SocketLike;
  /**
   * Bytes in the zlib format (RFC 1950) to the text they hold. Rejects what is not that, not UTF-8, or more than `bytesMax`,
   * and goes no further than that bound. Null where there is no way to do it.
   */
  readonly inflate: ((bytes: Uint8Array<ArrayBuffer>, bytesMax: number) => Promise<string>) | null;
}

export function systemPlatform(): Platform {
  return {
    now: () => Date.now(),
    after(delayMs, task) {
      const handle = setTimeout(task, delayMs);
      return { cancel: () => clearTimeout(handle) };
    },
    random: () => Math.random(),
    uniqueId,
    fetch: (input, init) => fetch(input, init),
    openSocket: (url, protocols) => new WebSocket(url, [...protocols]) as unknown as SocketLike,
    inflate: typeof DecompressionStream === 'undefined' ? null : inflate,
  };
}

async function inflate(bytes: Uint8Array<ArrayBuffer>, bytesMax: number): Promise<string> {
  const { readable, writable } = new DecompressionStream('deflate');
  const writer = writable.getWriter();
  // What goes wrong on this side shows on the other one, which is read.
  writer
    .write(bytes)
    .then(() => writer.close())
    .catch(() => undefined);
  const reader = readable.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let bytesLeft = bytesMax;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      bytesLeft -= value.length;
      if (bytesLeft < 0) throw new RangeError(`inflates to more than ${bytesMax} bytes`);
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    // Lets go of what is left; how that ends no longer matters.
    reader.cancel().catch(() => undefined);
  }
}

/** `crypto.randomUUID` exists only on secure origins; a phone on the local network may see plain http. */
function uniqueId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Full jitter: uniform in [0, min(cap, base·2^attempt)). `attempt` counts from 0. */
export function backoffMs(platform: Platform, attempt: number, baseMs: number, capMs: number): number {
  return platform.random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}

/** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
export function pause(platform: Platform, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortReason(signal));
      return;
    }
    const abort = (): void => {
      timer.cancel();
      if (signal !== undefined) reject(abortReason(signal));
    };
    const timer = platform.after(delayMs, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    signal?.addEventListener('abort', abort, { once: true });
  });
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}
