/**
 * Whether anybody answers at the engine. A question every second, and whatever else is answered, say so. While nobody does,
 * requests are refused at once: each would wait out its time for nothing, hold one of the places, and keep what could be
 * answered from memory waiting. The questions go on, so the first answer opens the way again.
 *
 * What must hold: an engine that answers anything is not away, however slow or unhappy it is. One node of several that is
 * silent does not count as the engine being away, since the others answer meanwhile.
 */
import { type Clock, nextTurn, type Timer } from '../../clock.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';

export interface EngineWatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Resolves when any node of the engine answers; rejects in bounded time when none does. */
  readonly ask: () => Promise<unknown>;
}

export class EngineWatch {
  private readonly options: EngineWatchOptions;
  private answeredAtMs: number;
  private asking = false;
  private silent = false;
  private timer: Timer | null = null;

  constructor(options: EngineWatchOptions) {
    this.options = options;
    this.answeredAtMs = options.clock.monotonic();
  }

  start(): void {
    this.timer ??= this.options.clock.every(limits.cqlHeartbeatMs, () => void this.beat());
  }

  stop(): void {
    this.timer?.cancel();
  }

  get away(): boolean {
    return this.silent;
  }

  /** Call at every answer, refusals included. */
  answered(): void {
    this.answeredAtMs = this.options.clock.monotonic();
    if (!this.silent) return;
    this.silent = false;
    this.options.log.info('the tables’ engine answers again');
  }

  /** One at a time. Never rejects. */
  private async beat(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    const askedAtMs = this.options.clock.monotonic();
    try {
      await this.options.ask();
      this.answered();
    } catch (error) {
      // What came while this process stood still is read first.
      await nextTurn();
      if (this.answeredAtMs < askedAtMs && !this.silent) {
        this.silent = true;
        this.options.log.warn('the tables’ engine does not answer: requests are refused until it does', { error });
      }
    } finally {
      this.asking = false;
    }
  }
}
