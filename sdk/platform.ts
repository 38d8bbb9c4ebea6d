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
  };
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
