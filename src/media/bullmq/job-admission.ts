/**
 * Keeps the number of waiting jobs below its bound without asking Redis before every job. It counts what this process added
 * since the last measurement, and measures again when that could have reached the bound, or was long ago: so a process
 * alone never passes the bound, and several pass it by no more than what they add in a second.
 */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';

export interface JobAdmissionOptions {
  readonly waitingMax: number;
  readonly clock: Clock;
  /** Jobs waiting, delayed and active, in all queues. */
  readonly measure: () => Promise<number>;
}

export class JobAdmission {
  private readonly options: JobAdmissionOptions;
  private measured = 0;
  private measuredAtMs: number;
  private measuring: Promise<void> | null = null;
  /** Added since the last measurement was asked for, or under way then. */
  private added = 0;
  private underWay = 0;

  constructor(options: JobAdmissionOptions) {
    this.options = options;
    this.measuredAtMs = options.clock.monotonic();
  }

  /** Runs `add` if there is room; rejects `overloaded` if not. */
  async run(add: () => Promise<void>): Promise<void> {
    const { waitingMax, clock } = this.options;
    const isOld = clock.monotonic() - this.measuredAtMs > limits.jobsMeasuredMs;
    if (this.measured + this.added >= waitingMax || isOld) await this.measureOnce();
    if (this.measured + this.added >= waitingMax) {
      throw new Problem('overloaded', { detail: 'Too much work is waiting.' });
    }
    this.added++;
    this.underWay++;
    try {
      await add();
    } finally {
      this.underWay--;
    }
  }

  private measureOnce(): Promise<void> {
    this.measuring ??= this.measure().finally(() => {
      this.measuring = null;
    });
    return this.measuring;
  }

  private async measure(): Promise<void> {
    const { clock, measure } = this.options;
    // Those under way may be in what is measured or not: they are counted once more, to be on the safe side.
    this.added = this.underWay;
    const measured = await measure();
    this.measured = measured;
    this.measuredAtMs = clock.monotonic();
  }
}
