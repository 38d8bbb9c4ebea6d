/** Operations on their way over a live connection, matched to their results by id; bounded in number and time. */
import { clientLimits } from './limits.ts';
import type { Platform, Timer } from './platform.ts';
import { networkProblem, ProblemError } from './problem.ts';
import type { ServerMessage } from './wire.ts';

type ResultMessage = Extract<ServerMessage, { readonly t: 'result' }>;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: ProblemError) => void;
  readonly timer: Timer;
}

export class PendingOperations {
  private readonly platform: Platform;
  private readonly waiting = new Map<string, Waiting>();
  private counter = 0;

  constructor(platform: Platform) {
    this.platform = platform;
  }

  /** Calls `send` with a new id; resolves or rejects with what `settle` is given for it. */
  start(send: (id: string) => void, timeoutMs: number): Promise<unknown> {
    if (this.waiting.size >= clientLimits.operationsInFlight) return Promise.reject(tooMany());
    const id = String(++this.counter);
    return new Promise((resolve, reject) => {
      const timer = this.platform.after(timeoutMs, () => {
        this.waiting.delete(id);
        reject(tookTooLong());
      });
      this.waiting.set(id, { resolve, reject, timer });
      send(id);
    });
  }

  settle(message: ResultMessage): void {
    const waiting = this.waiting.get(message.id);
    if (waiting === undefined) return;
    this.waiting.delete(message.id);
    waiting.timer.cancel();
    if (message.ok) waiting.resolve(message.result);
    else waiting.reject(new ProblemError(message.error));
  }

  /** The connection is gone: whether they ran is not known, the idempotency key makes it safe to ask again. */
  abandon(): void {
    for (const { timer, reject } of this.waiting.values()) {
      timer.cancel();
      reject(networkProblem());
    }
    this.waiting.clear();
  }
}

function tooMany(): ProblemError {
  return new ProblemError({
    code: 'overloaded',
    status: 0,
    detail: 'Too many operations at once on this connection; wait for some to finish.',
    retryable: true,
  });
}

function tookTooLong(): ProblemError {
  return new ProblemError({
    code: 'timeout',
    status: 0,
    detail: 'It took too long; the outcome is unknown. Try again with the same idempotency key.',
    retryable: true,
  });
}
