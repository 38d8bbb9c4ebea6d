/** A store, a clock that stands until it is moved, and as many nodes' authentication over them as a test wants. */
import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../../../src/clock.ts';
import { EPOCH_MS, IdSource, RevisionSource } from '../../../src/ids.ts';
import { silentLogger } from '../../../src/log.ts';
import { Auth } from '../../../src/gateway/auth/auth.ts';
import { Secrets } from '../../../src/gateway/auth/secrets.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import type { Store } from '../../../src/storage/store.ts';

export const SECRET = 'a root secret that only tests would ever use';
export const CHEAP = { memoryKib: 8, passes: 1, lanes: 1 };

export const HOME = '192.0.2.7';

interface Alarm {
  atMs: number;
  readonly periodMs: number | null;
  readonly task: () => void;
}

export class StandingClock implements Clock {
  private timeMs = EPOCH_MS + 1_000_000_000;
  private readonly alarms = new Set<Alarm>();

  now(): number {
    return this.timeMs;
  }

  monotonic(): number {
    return this.timeMs - EPOCH_MS;
  }

  after(delayMs: number, task: () => void): Timer {
    return this.add({ atMs: this.timeMs + delayMs, periodMs: null, task });
  }

  every(periodMs: number, task: () => void): Timer {
    return this.add({ atMs: this.timeMs + periodMs, periodMs, task });
  }

  random(): number {
    return 0.5;
  }

  randomBytes(count: number): Buffer {
    return randomBytes(count);
  }

  advance(ms: number): void {
    this.timeMs += ms;
    for (const alarm of this.alarms) {
      if (alarm.atMs > this.timeMs) continue;
      if (alarm.periodMs === null) this.alarms.delete(alarm);
      else alarm.atMs = this.timeMs + alarm.periodMs;
      alarm.task();
    }
  }

  private add(alarm: Alarm): Timer {
    this.alarms.add(alarm);
    return { cancel: () => this.alarms.delete(alarm) };
  }
}

export class World {
  readonly clock = new StandingClock();
  readonly store = new MemoryStore({ clock: this.clock });
  private slot = 0;

  /** One more node over the same store, or over `store`, which may fail on purpose. */
  node(options: { store?: Store; secrets?: Secrets } = {}): Promise<Auth> {
    return Auth.open({
      store: options.store ?? this.store,
      clock: this.clock,
      ids: new IdSource(this.clock, this.slot++),
      revisions: new RevisionSource(this.clock),
      secrets: options.secrets ?? new Secrets([SECRET]),
      profiles: { summaries: (userIds) => Promise.resolve(userIds.map(() => null)) },
      log: silentLogger,
      passwordCost: CHEAP,
    });
  }
}

export const ADA = {
  username: 'ada',
  email: 'ada@example.org',
  password: 'correct horse battery',
  device: 'phone',
} as const;

/** The code of the problem it rejects with. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    return codeOf(error);
  }
}

/** As `refusal`, for what throws at once. */
export function refusalNow(work: () => unknown): string {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  throw error;
}

/** `store`, except that `override` may step in before each call of the named method. */
export function failing(store: Store, shouldFail: (method: string, table: string) => boolean, error: Error): Store {
  return new Proxy(store, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...parameters: unknown[]): unknown => {
        const table = parameters[0] as { name?: string } | undefined;
        if (shouldFail(String(property), table?.name ?? '')) return Promise.reject(error);
        return Reflect.apply(member, target, parameters);
      };
    },
  });
}
