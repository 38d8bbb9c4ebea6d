/**
 * Enqueues again what stays in the outbox: entries whose dispatch, queue or worker died. Runs from the oldest minute that
 * may hold rows up to now; rows younger than `outboxRedriveAfterMs` are left to the dispatcher. An entry that is already
 * waiting or active in its queue is not doubled, because its key is the same.
 */
import { type Clock, nextTurn, type Timer } from '../../clock.ts';
import { timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import type { JobQueue } from '../../media/job-queue.ts';
import type { OutboxEntry } from '../../storage/activity.ts';
import { minuteOf } from '../../storage/buckets.ts';
import type { OutboxRows } from '../../storage/repositories/outbox.ts';
import { enqueue } from './consumers.ts';

export interface SweeperDependencies {
  readonly queue: JobQueue;
  readonly rows: OutboxRows;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Sweeper {
  private readonly dependencies: SweeperDependencies;
  /** Per shard, the oldest minute that may still hold rows. */
  private readonly starts = new Map<number, number>();
  private timer: Timer | null = null;
  private running: Promise<number> | null = null;

  constructor(dependencies: SweeperDependencies) {
    this.dependencies = dependencies;
  }

  start(): void {
    const { clock, logger } = this.dependencies;
    this.timer = clock.every(limits.outboxSweepMs, () => {
      this.sweep(limits.outboxRedriveAfterMs).catch((error: unknown) => logger.warn('sweep failed', { error }));
    });
  }

  async close(): Promise<void> {
    this.timer?.cancel();
    this.timer = null;
    await this.running?.catch(() => 0);
  }

  /** Re-drives every entry older than `olderThanMs`; resolves to how many. At start, 0 takes what a crash left behind. */
  sweep(olderThanMs: number): Promise<number> {
    this.running ??= this.sweepAll(olderThanMs).finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private async sweepAll(olderThanMs: number): Promise<number> {
    const shards = Array.from({ length: limits.outboxShards }, (_, shard) => shard);
    const counts = await Promise.all(shards.map((shard) => this.sweepShard(shard, olderThanMs)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  private async sweepShard(shard: number, olderThanMs: number): Promise<number> {
    const { queue, rows, clock } = this.dependencies;
    const now = clock.now();
    const nowMinute = minuteOf(now);
    const start = this.starts.get(shard) ?? (await rows.sweepStart(shard, nowMinute - SETTLED_MINUTES));
    let redriven = 0;
    let oldestHeld: number | null = null;
    // At a start everything is due, also what was stamped ahead of the clock.
    const dueBefore = olderThanMs === 0 ? Number.POSITIVE_INFINITY : now - olderThanMs;
    // Handed over in groups: a queue may take a moment until a few are durable, and very many minutes may hold a few each.
    let due: OutboxEntry[] = [];
    const handOver = async (): Promise<void> => {
      redriven += due.length;
      await enqueue(queue, due);
      due = [];
    };
    for (let minute = start; minute <= nowMinute + AHEAD_MINUTES; minute++) {
      // After a long rest there are very many minutes, and others want their turn.
      if ((minute - start) % MINUTES_PER_TURN === MINUTES_PER_TURN - 1) await nextTurn();
      for await (const entries of rows.inMinute(shard, minute)) {
        oldestHeld ??= minute;
        due.push(...entries.filter((entry) => timeOfId(entry.outboxId) <= dueBefore));
        if (due.length >= ENTRIES_TOGETHER) await handOver();
      }
    }
    await handOver();
    // Ids may be stamped a little ahead or acknowledged late: the last minutes are always looked at again.
    const next = Math.min(oldestHeld ?? nowMinute, nowMinute - SETTLED_MINUTES);
    this.starts.set(shard, Math.max(start, next));
    if (next > start) await rows.markSwept(shard, next);
    return redriven;
  }
}

const MINUTES_PER_TURN = 100;
const ENTRIES_TOGETHER = 500;
/** Longer than any command takes from stamping an outbox id to its acknowledgement. */
const SETTLED_MINUTES = 5;
/** How far ahead of the clock an id can be stamped at most. */
const AHEAD_MINUTES = Math.ceil(limits.clockBehindMs / 60_000);
