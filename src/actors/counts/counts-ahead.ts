/**
 * Pure: what a shown count adds to the last recount. Whoever likes sees the like counted at once, although the recount
 * runs a moment later. A change carries a revision drawn *after* its commit; a recount carries one drawn *before* it
 * reads. So a recount with the higher revision has seen the change, and the change is dropped.
 */
import type { StoredCount } from '../../storage/repositories/counters.ts';

export interface CountChange {
  readonly delta: number;
  readonly revision: number;
}

export function shownCount(stored: StoredCount, changes: readonly CountChange[]): number {
  const ahead = changes.reduce((sum, change) => (change.revision > stored.revision ? sum + change.delta : sum), 0);
  return Math.max(0, stored.value + ahead);
}

/** The changes that `stored` has not seen, and `change` behind them; at most `most`, the oldest merged into one. */
export function withChange(
  changes: readonly CountChange[],
  change: CountChange,
  stored: StoredCount,
  most: number,
): readonly CountChange[] {
  const kept = [...changes.filter((earlier) => earlier.revision > stored.revision), change];
  const [first, second, ...rest] = kept;
  if (kept.length <= most || first === undefined || second === undefined) return kept;
  return [{ delta: first.delta + second.delta, revision: second.revision }, ...rest];
}

/** The later of two recounts. */
export function laterCount(left: StoredCount, right: StoredCount): StoredCount {
  return right.revision > left.revision ? right : left;
}
