/** Breaks a stream of event frames on purpose, one in so many. Pure: what is to be sent instead of a frame. */
export type FaultKind = 'drop' | 'duplicate' | 'reorder';

export const FAULT_KINDS: readonly FaultKind[] = ['drop', 'duplicate', 'reorder'];

/** Counts over all connections together. */
export class FaultPlan {
  private readonly kind: FaultKind;
  private readonly oneIn: number;
  private seen = 0;
  private injectedCount = 0;

  constructor(kind: FaultKind, oneIn: number) {
    this.kind = kind;
    this.oneIn = oneIn;
  }

  get injected(): number {
    return this.injectedCount;
  }

  /** What is due for the next frame. */
  next(): FaultKind | null {
    if (++this.seen % this.oneIn !== 0) return null;
    this.injectedCount++;
    return this.kind;
  }
}

/** One connection's stream. */
export class FaultyStream {
  private readonly plan: FaultPlan;
  private held: Buffer | null = null;

  constructor(plan: FaultPlan) {
    this.plan = plan;
  }

  /** Frames to send now. A frame that changes places waits for the next one. */
  pass(frame: Buffer): readonly Buffer[] {
    if (this.held !== null) {
      const overtaken = this.held;
      this.held = null;
      return [frame, overtaken];
    }
    const due = this.plan.next();
    if (due === 'reorder') this.held = frame;
    if (due === 'duplicate') return [frame, frame];
    return due === null ? [frame] : [];
  }
}
