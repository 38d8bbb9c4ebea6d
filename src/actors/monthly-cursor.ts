/** Cursors of lists kept by month, newest first: the last id shown, or a month whose newest row comes next. */
import { Problem } from '../errors.ts';
import { type CommentId, type NotificationId, parseId } from '../ids.ts';
import type { MonthStart } from '../storage/repositories/newest-first.ts';
import { decodeCursor, encodeCursor } from './page-cursor.ts';

export function encodeMonthlyCursor(kind: string, next: CommentId | NotificationId | MonthStart): string {
  return encodeCursor(kind, [typeof next === 'object' ? next.month : next]);
}

export function decodeMonthlyCursor<Id extends CommentId | NotificationId>(
  kind: string,
  cursor: string | null,
): Id | MonthStart | null {
  const place = decodeCursor(kind, cursor);
  if (place === null) return null;
  const [part] = place;
  if (typeof part === 'number') return { month: part };
  const id = part === undefined ? null : parseId<Id>(part);
  if (id === null) throw new Problem('invalid-cursor');
  return id;
}
