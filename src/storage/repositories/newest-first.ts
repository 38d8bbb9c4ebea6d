/**
 * A page over rows kept in buckets of a calendar month, newest first: from the month of the cursor (or of now) back to an
 * oldest month. The newest month mostly fills a page, so it is read alone; what is missing then is looked for in several
 * months at once. What one call reads is bounded; a page may then be short, and its `next` goes on where it stopped.
 */
import { type CommentId, type NotificationId, timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { monthOf } from '../buckets.ts';

type MonthlyId = CommentId | NotificationId;

export interface NewestRange<Id extends MonthlyId> {
  /** The last id of the page before; null: from the newest. */
  readonly after: Id | MonthStart | null;
  /** At or above the time of every id there is. */
  readonly nowMs: number;
  readonly oldestMonth: number;
  readonly limit: number;
}

/** Go on at the newest row of a month: where a call stopped that found only empty months. */
export interface MonthStart {
  readonly month: number;
}

export interface NewestPage<Row, Id extends MonthlyId> {
  readonly rows: readonly Row[];
  /** Null when there is nothing older. */
  readonly next: Id | MonthStart | null;
}

export interface MonthlyRows<Row, Id extends MonthlyId> {
  readMonth(month: number, after: Id | null, limit: number): Promise<Row[]>;
  idOf(row: Row): Id;
  keep(row: Row): boolean;
}

/** Reads of the store that one page may cost: two years of silence, or as many pages of removed rows. */
const READS_MAX = 24;

export async function newestFirst<Row, Id extends MonthlyId>(
  range: NewestRange<Id>,
  source: MonthlyRows<Row, Id>,
): Promise<NewestPage<Row, Id>> {
  const rows: Row[] = [];
  let { month, after } = startOf(range);
  let months = 1;
  for (let reads = 0; month >= range.oldestMonth; reads += months, months = limits.bucketsReadAtOnce) {
    if (reads >= READS_MAX) return { rows, next: after ?? { month } };
    months = Math.min(months, READS_MAX - reads, month - range.oldestMonth + 1);
    const wanted = range.limit - rows.length;
    const newest = { month, after };
    const pages = await Promise.all(
      Array.from({ length: months }, (_, back) =>
        source.readMonth(newest.month - back, back === 0 ? newest.after : null, wanted),
      ),
    );
    for (const read of pages) {
      for (const row of read) {
        after = source.idOf(row);
        if (source.keep(row)) rows.push(row);
        if (rows.length >= range.limit) return { rows, next: after };
      }
      // A full read may have left some of the month behind: the next round begins there.
      if (read.length >= wanted) break;
      month--;
      after = null;
    }
  }
  return { rows, next: null };
}

function startOf<Id extends MonthlyId>(range: NewestRange<Id>): { month: number; after: Id | null } {
  const { after } = range;
  if (after === null) return { month: monthOf(range.nowMs), after: null };
  if (typeof after === 'object') return { month: Math.min(after.month, monthOf(range.nowMs)), after: null };
  return { month: monthOf(timeOfId(after)), after };
}
