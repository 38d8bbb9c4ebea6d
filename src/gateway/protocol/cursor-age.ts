/** How old a catch-up cursor is, as far as the gateway must know: beyond the inbox's retention there is nothing to catch up from. */
import { type ArrivalId, ID_LENGTH, parseId, timeOfId } from '../../ids.ts';

/** Cursors begin with an arrival id. False for texts that are none: `sync` refuses those itself. */
export function isBeyondRetention(cursor: string, now: number, retentionMs: number): boolean {
  const arrivalId = parseId<ArrivalId>(cursor.slice(0, ID_LENGTH));
  return arrivalId !== null && timeOfId(arrivalId) < now - retentionMs;
}
