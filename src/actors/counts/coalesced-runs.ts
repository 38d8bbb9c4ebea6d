/**
 * Many requests for the same work, few runs of it: per key at most one run under way and one waiting. Each request is
 * answered by a run that *started after* it, so a recount that is awaited has seen everything committed before.
 */
interface Runs {
  waiting: Promise<void> | null;
}

export class CoalescedRuns {
  /** Holds a key only while a run of it is under way: bounded by the requests in flight. */
  private readonly runs = new Map<string, Runs & { current: Promise<void> }>();

  run(key: string, task: () => Promise<void>): Promise<void> {
    const runs = this.runs.get(key);
    if (runs === undefined) return this.start(key, task);
    runs.waiting ??= this.startAfter(runs.current, key, task);
    return runs.waiting;
  }

  private async startAfter(current: Promise<void>, key: string, task: () => Promise<void>): Promise<void> {
    await current.catch(() => undefined);
    await this.start(key, task);
  }

  private start(key: string, task: () => Promise<void>): Promise<void> {
    const runs = { current: task(), waiting: null };
    this.runs.set(key, runs);
    const settle = (): void => {
      if (this.runs.get(key) === runs && runs.waiting === null) this.runs.delete(key);
    };
    runs.current.then(settle, settle);
    return runs.current;
  }

  get size(): number {
    return this.runs.size;
  }
}
