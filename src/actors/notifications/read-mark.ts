/** Pure: how far the mark moves. It never goes back, and never beyond what there is to be read. */
import type { NotificationId } from '../../ids.ts';

/** The mark to write, or null to leave it. `asked` null: everything. `newest` null: there is nothing. */
export function markToWrite(
  current: NotificationId | null,
  asked: NotificationId | null,
  newest: NotificationId | null,
): NotificationId | null {
  if (newest === null) return null;
  const wanted = asked === null || asked > newest ? newest : asked;
  return current !== null && wanted <= current ? null : wanted;
}
