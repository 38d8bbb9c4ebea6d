/** The outbox as rows: what is still to be done, and what was given up on. */
import type { RevisionSource } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { inGroups } from '../../parallel.ts';
import type { OutboxEntry } from '../activity.ts';
import { putRow, removeRow, type Store } from '../store.ts';
import { outbox, outboxParked, sweepMarks } from '../tables/operations.ts';

const PAGE_ROWS = 500;

function keyOf(entry: OutboxEntry): Pick<OutboxEntry, 'shard' | 'minute' | 'outboxId'> {
  return { shard: entry.shard, minute: entry.minute, outboxId: entry.outboxId };
}

export class OutboxRows {
  private readonly store: Store;
  private readonly revisions: RevisionSource;

  constructor(store: Store, revisions: RevisionSource) {
    this.store = store;
    this.revisions = revisions;
  }

  /** False once a worker has finished the entry: a job that comes late has nothing to do. */
  async pending(entry: OutboxEntry): Promise<boolean> {
    return (await this.store.get(outbox, keyOf(entry))) !== null;
  }

  /** Only a worker calls this, after the effects of the entries are acknowledged. If it rejects, any of them may be gone. */
  async removeAll(entries: readonly OutboxEntry[]): Promise<void> {
    for (const group of inGroups(entries, limits.storeWriteAllMutations)) {
      await this.store.writeAll(group.map((entry) => removeRow(outbox, keyOf(entry))));
    }
  }

  async park(entry: OutboxEntry, reason: string, nowMs: number): Promise<void> {
    const { consumer, outboxId, activityId, activity } = entry;
    await this.store.batch([
      putRow(outboxParked, { consumer, outboxId, activityId, activity, reason, parkedAtMs: nowMs }),
      removeRow(outbox, keyOf(entry)),
    ]);
  }

  /** Every entry of one minute, in pages. */
  async *inMinute(shard: number, minute: number): AsyncIterable<readonly OutboxEntry[]> {
    let after: string | null = null;
    for (;;) {
      const rows: OutboxEntry[] = await this.store.page(
        outbox,
        { shard, minute },
        { limit: PAGE_ROWS, ...(after === null ? {} : { after: [after] }) },
      );
      if (rows.length > 0) yield rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE_ROWS) return;
      after = last.outboxId;
    }
  }

  /**
   * Where to begin sweeping. The first call on a new store writes the mark, and the server takes no command before that:
   * so without a mark there are no rows.
   */
  async sweepStart(shard: number, nowMinute: number): Promise<number> {
    const mark = await this.store.get(sweepMarks, { shard });
    if (mark === null) {
      await this.markSwept(shard, nowMinute);
      return nowMinute;
    }
    this.revisions.observe(mark.revision);
    return Math.max(mark.minute, nowMinute - Math.ceil(limits.activityRetentionMs / 60_000));
  }

  async markSwept(shard: number, minute: number): Promise<void> {
    await this.store.put(sweepMarks, { shard, minute, revision: this.revisions.next() });
  }
}
