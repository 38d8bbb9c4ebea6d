/**
 * Work that is written down is done within two minutes of a running server's time. Only a server can do it; what is mended
 * here is that its sweeper looks there again.
 */
import { timeOfId } from '../../ids.ts';
import type { RowOf } from '../../storage/table.ts';
import { outbox, sweepMarks } from '../../storage/tables/operations.ts';
import type { Check, FsckContext } from './check.ts';

type OutboxRow = RowOf<typeof outbox>;

export function outboxCheck({ store, revisions, pending }: FsckContext): Check<OutboxRow> {
  return {
    kind: 'outbox-overdue',
    candidates: () => store.scan(outbox),
    async examine({ shard, minute, outboxId, consumer, activity }) {
      const writtenAtMs = timeOfId(outboxId);
      if (!pending.isOverdue(writtenAtMs)) return null;
      if ((await store.get(outbox, { shard, minute, outboxId })) === null) return null;
      return {
        what: `${activity.kind} for ${consumer}, since ${new Date(writtenAtMs).toISOString()} (${outboxId})`,
        async mend() {
          const mark = await store.get(sweepMarks, { shard });
          if (mark !== null && mark.minute <= minute) return false;
          revisions.observe(mark?.revision ?? 0);
          await store.put(sweepMarks, { shard, minute, revision: revisions.next() });
          return false;
        },
      };
    },
  };
}
