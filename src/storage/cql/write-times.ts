/**
 * The timestamps by which the engine orders writes, in microseconds.
 *
 * - `lww`: the row's revision, so that the higher revision wins in whatever order writes arrive.
 * - `immutable`: taken once for each call of `put`, `remove` or `batch`, above everything this node has written **or read**.
 *   A delivery that is repeated (a retry, a hint, a replayed batch log) carries its first timestamp, so a row that was
 *   removed meanwhile does not come back; a new put after a remove is a new call, and its row is there.
 *   Between two nodes that hear of each other's writes only through the outside, the order is that of their clocks: a
 *   remove may then miss what a faster clock wrote (an outbox row is done once more, and removed by the next try, which has
 *   read it), and a put may be hidden by a faster clock's remove for as long as the clocks differ.
 * - `fenced`: the engine's own, by ballot.
 */
import type { Clock } from '../../clock.ts';

export class WriteTimes {
  private readonly clock: Pick<Clock, 'now'>;
  private lastMicros = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.clock = clock;
  }

  next(): bigint {
    this.lastMicros = Math.max(Math.floor(this.clock.now() * 1000), this.lastMicros + 1);
    return BigInt(this.lastMicros);
  }

  /** Call with the write time of every row that was read: what this node writes from now on is above it. */
  observe(writtenAtMicros: unknown): void {
    if (typeof writtenAtMicros === 'bigint') this.lastMicros = Math.max(this.lastMicros, Number(writtenAtMicros));
  }
}
