/**
 * Counts what a request asks of the store in rounds: every call waits until nothing more is asked for, and all of a round
 * are answered together. So calls made side by side are one round, and a call that needed an answer begins the next.
 */
import { sleep, systemClock } from '../../src/clock.ts';
import type { Store } from '../../src/storage/store.ts';

/** Of each round what was asked for: reads by their table, writes with their verb. Sorted, each once. */
export type RoundTrips = readonly (readonly string[])[];

const READS = new Set(['get', 'getMany', 'page', 'count']);

/** Without a call for so long, whoever asked waits for answers: longer than a turn of the event loop on a busy machine. */
const QUIET_MS = 10;
const IDLE_MS = 60;

/** What works behind the requests, whoever asks: the sweeper, the lists that nodes refresh, the slot of the node. */
const BEHIND = new Set([
  'page outbox',
  'put sweep_marks',
  'page revocations',
  'page pull_authors',
  'compareAndPut node_slots',
]);

export class RoundTripCounter {
  private rounds: Set<string>[] = [];
  private round = 0;
  private counting = false;
  private asked = 0;
  private waiting: { readonly answer: Promise<unknown>; readonly release: () => void }[] = [];
  private turning = false;

  readonly wrap = (store: Store): Store =>
    new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        const method = member as (...given: unknown[]) => unknown;
        return (...given: unknown[]) => this.counted(String(name), given, () => method.apply(target, given));
      },
    });

  /** Resolves when nothing has been asked for in a while: what a node does behind its start is over. */
  async idle(): Promise<void> {
    for (let before = -1; before !== this.asked; ) {
      before = this.asked;
      await sleep(systemClock, IDLE_MS);
    }
  }

  /** Of everything that is asked for while `act` runs. */
  async during(act: () => Promise<unknown>): Promise<RoundTrips> {
    this.rounds = [];
    this.round = 0;
    this.counting = true;
    try {
      await act();
    } finally {
      this.counting = false;
    }
    return this.rounds.map((asked) => [...asked].sort());
  }

  private counted(name: string, given: readonly unknown[], call: () => unknown): unknown {
    const table = (given[0] as { name?: string } | undefined)?.name ?? '';
    const answer = call();
    if (BEHIND.has(`${name} ${table}`) || !(answer instanceof Promise)) return answer;
    this.asked++;
    if (!this.counting) return answer;
    this.rounds[this.round] ??= new Set();
    this.rounds[this.round]?.add((READS.has(name) ? table : `${name} ${table}`).trim());
    const released = new Promise<void>((release) => this.waiting.push({ answer, release }));
    if (!this.turning) void this.turn();
    return released.then(() => answer);
  }

  private async turn(): Promise<void> {
    this.turning = true;
    for (let before = -1; before !== this.asked; ) {
      before = this.asked;
      await sleep(systemClock, QUIET_MS);
    }
    const round = this.waiting;
    this.waiting = [];
    await Promise.allSettled(round.map(({ answer }) => answer));
    this.round++;
    this.turning = false;
    // Asked for while the last answers were awaited: of the next round.
    if (this.waiting.length > 0) void this.turn();
    for (const { release } of round) release();
  }
}
