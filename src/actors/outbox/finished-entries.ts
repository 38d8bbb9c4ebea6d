/**
 * Takes the rows of finished work out of the outbox, those of a moment together: one write and one sync for many, and none that
 * a job waits for. What must hold: a row that is still there when the process dies only makes its work be done once more.
 *
 *   add ─► waits at most `finishedEntriesMs` ─► removed with all others
 */
import type { Clock, Timer } from '../../clock.ts';
import type { OutboxId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import type { OutboxEntry } from '../../storage/activity.ts';
import type { OutboxRows } from '../../storage/repositories/outbox.ts';

export interface FinishedEntriesParts {
  readonly rows: Pick<OutboxRows, 'removeAll'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly logger: Logger;
}

export class FinishedEntries {
  private readonly parts: FinishedEntriesParts;
  private waiting: OutboxEntry[] = [];
  /** Those that wait and those that are being removed. */
  private readonly known = new Set<OutboxId>();
  private timer: Timer | null = null;
  private removal: Promise<void> = Promise.resolve();

  constructor(parts: FinishedEntriesParts) {
    this.parts = parts;
  }

  /** Whether only the row is left of the entry's work. */
  has({ outboxId }: OutboxEntry): boolean {
    return this.known.has(outboxId);
  }

  /** Call it when the entry's effects are acknowledged. Resolves at once, or once there is room again. */
  async add(entry: OutboxEntry): Promise<void> {
    this.waiting.push(entry);
    this.known.add(entry.outboxId);
    if (this.known.size >= limits.finishedEntriesMax) return this.remove();
    this.timer ??= this.parts.clock.after(limits.finishedEntriesMs, () => void this.remove());
  }

  /** Resolves when every row was tried to be removed. */
  close(): Promise<void> {
    return this.remove();
  }

  private remove(): Promise<void> {
    this.timer?.cancel();
    this.timer = null;
    const entries = this.waiting;
    this.waiting = [];
    this.removal = this.removal.then(() => this.removeRows(entries));
    return this.removal;
  }

  private async removeRows(entries: readonly OutboxEntry[]): Promise<void> {
    try {
      if (entries.length > 0) await this.parts.rows.removeAll(entries);
    } catch (error) {
      this.parts.logger.warn('finished outbox entries not removed; the sweeper will have them done again', { error });
    }
    for (const { outboxId } of entries) this.known.delete(outboxId);
  }
}
