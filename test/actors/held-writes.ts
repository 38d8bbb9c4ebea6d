/** Writes to inboxes wait until the test lets them through, in any order, and their writers may never learn of it. */
import fc from 'fast-check';
import { nextTurn } from '../../src/clock.ts';
import { Problem } from '../../src/errors.ts';
import type { Mutation, Store } from '../../src/storage/store.ts';
import { inbox } from '../../src/storage/tables/timeline.ts';

/** Steps of a test: one of the writes that wait is let through; time passes, also more than a write may take. */
export const releaseStep = fc.record({
  kind: fc.constant('release' as const),
  index: fc.nat(20),
  unknown: fc.boolean(),
});
export const waitStep = fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 50 }) });

const WRITES = new Set<string | symbol>(['batch', 'writeAll']);

export class HeldWrites {
  holding = true;
  /** Writes that had to wait. A test in which there are none proves nothing. */
  count = 0;
  private readonly held: ((unknown: boolean) => Promise<void>)[] = [];

  wrap = (store: Store): Store =>
    new Proxy(store, {
      get: (target, name: keyof Store) => {
        if (!WRITES.has(name)) return target[name].bind(target);
        const write = target[name as 'batch' | 'writeAll'].bind(target);
        return (mutations: readonly Mutation[]) => {
          const isInbox = mutations.some((each) => each.kind === 'put' && each.table === inbox);
          return isInbox && this.holding ? this.hold(() => write(mutations)) : write(mutations);
        };
      },
    });

  /** Lets one of the waiting writes through; `unknown`: its writer learns nothing. Resolves when it is there, whole. */
  async release(index: number, unknown: boolean): Promise<void> {
    const [write] = this.held.splice(index % Math.max(1, this.held.length), 1);
    await write?.(unknown);
    await nextTurn();
  }

  async releaseAll(): Promise<void> {
    this.holding = false;
    while (this.held.length > 0) await this.release(0, false);
  }

  private hold(write: () => Promise<void>): Promise<void> {
    this.count++;
    return new Promise((resolve, reject) => {
      this.held.push(async (unknown) => {
        await write();
        if (unknown) reject(new Problem('timeout'));
        else resolve();
      });
    });
  }
}
