/** Admits at most so many at once; the next one is refused, never queued. */
import { Problem } from '../../errors.ts';

export class Gate {
  private readonly max: number;
  private inside = 0;
  private emptied: (() => void) | null = null;

  constructor(max: number) {
    this.max = max;
  }

  /** Rejects `overloaded` when full. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    const leave = this.enter();
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** For what ends elsewhere: returns how to leave, which may be called again. Throws `overloaded` when full. */
  enter(): () => void {
    if (this.inside >= this.max) throw new Problem('overloaded', { retryAfterMs: 1000 });
    this.inside++;
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.inside--;
      if (this.inside === 0) this.emptied?.();
    };
  }

  /** Resolves when nobody is inside. One caller at most. */
  async idle(): Promise<void> {
    if (this.inside === 0) return;
    await new Promise<void>((resolve) => {
      this.emptied = resolve;
    });
  }
}
