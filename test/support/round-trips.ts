/** Counts what a request asks of the store: calls, keys, and how many of them had to wait for one another. */
import { sleep, systemClock } from '../../src/clock.ts';
import type { Store } from '../../src/storage/store.ts';

export interface RoundTrips {
  readonly calls: readonly string[];
  /** The longest chain: a call that began after another one ended may have needed its answer. */
  readonly depth: number;
}

/** As far away as an engine in the same data centre: what is asked for side by side then overlaps. */
const AWAY_MS = 5;

export class RoundTripCounter {
  private readonly ignored: readonly string[];
  private calls: string[] = [];
  private deepestEnded = 0;
  private counting = false;

  /** `ignored`: calls like `get media` of what works behind the requests. */
  constructor(ignored: readonly string[] = []) {
    this.ignored = ignored;
  }

  readonly wrap = (store: Store): Store =>
    new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        const method = member as (...given: unknown[]) => unknown;
        return (...given: unknown[]) => this.counted(String(name), given, () => method.apply(target, given));
      },
    });

  /** Of everything that began and ended while `act` ran. */
  async during(act: () => Promise<unknown>): Promise<RoundTrips> {
    this.calls = [];
    this.deepestEnded = 0;
    this.counting = true;
    await act();
    this.counting = false;
    return { calls: this.calls, depth: this.deepestEnded };
  }

  private counted(name: string, given: readonly unknown[], call: () => unknown): unknown {
    const table = (given[0] as { name?: string } | undefined)?.name ?? '';
    const isCounted = this.counting && !this.ignored.includes(`${name} ${table}`);
    const answer = call();
    if (!isCounted || !(answer instanceof Promise)) return answer;
    const depth = this.deepestEnded + 1;
    const keys = Array.isArray(given[1]) ? ` ×${given[1].length}` : '';
    this.calls.push(`${depth}: ${name} ${table}${keys}`);
    return this.fromAfar(answer, depth);
  }

  private async fromAfar(answer: Promise<unknown>, depth: number): Promise<unknown> {
    try {
      await sleep(systemClock, AWAY_MS);
      return await answer;
    } finally {
      this.deepestEnded = Math.max(this.deepestEnded, depth);
    }
  }
}
