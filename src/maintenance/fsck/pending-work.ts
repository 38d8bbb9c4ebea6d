/**
 * What the outbox still holds and may still hold: rows of a post or a person with work under way are not judged yet. Work
 * that is overdue excuses nothing.
 */
import { timeOfId } from '../../ids.ts';
import { StartRefusal } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Store } from '../../storage/store.ts';
import { outbox, sweepMarks } from '../../storage/tables/operations.ts';

const MINUTE_MS = 60_000;
/** How far behind the running server's clock its newest sweep mark may be, with room. */
const MARK_BEHIND_MINUTES = 6;

export class PendingWork {
  private readonly store: Store;
  private readonly wallMs: () => number;
  private subjects: ReadonlySet<string> = new Set();
  private overdueBeforeMs = 0;

  constructor(store: Store, wallMs: () => number) {
    this.store = store;
    this.wallMs = wallMs;
  }

  /** Reads the outbox anew. `inUse`: servers are running; else time stood still since the last of them ended. */
  async load(inUse: boolean): Promise<void> {
    const nowMs = this.wallMs();
    const presentMs = inUse ? nowMs : Math.min(nowMs, await this.lastAliveMs(nowMs));
    this.overdueBeforeMs = presentMs - limits.outboxOverdueMs;
    const subjects = new Set<string>();
    for await (const row of this.store.scan(outbox)) {
      if (this.isOverdue(timeOfId(row.outboxId))) continue;
      collectTexts(row.activity, subjects);
      if (subjects.size > limits.fsckPendingMax) {
        throw new StartRefusal(
          'Too much work is under way to judge anything. Run it again when the outbox is shorter.',
        );
      }
    }
    this.subjects = subjects;
  }

  isOverdue(writtenAtMs: number): boolean {
    return writtenAtMs < this.overdueBeforeMs;
  }

  /** Whether work under way names one of these ids. */
  concerns(...ids: readonly (string | null)[]): boolean {
    return ids.some((id) => id !== null && this.subjects.has(id));
  }

  /** About when a server last swept the outbox; now when none ever did. */
  private async lastAliveMs(nowMs: number): Promise<number> {
    let newest: number | null = null;
    for await (const mark of this.store.scan(sweepMarks)) newest = Math.max(newest ?? 0, mark.minute);
    return newest === null ? nowMs : (newest + MARK_BEHIND_MINUTES) * MINUTE_MS;
  }
}

/** Every text in an activity: ids, and some words that no id equals. */
function collectTexts(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') into.add(value);
  else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) collectTexts(part, into);
  }
}
