/**
 * Cursors of `sync`. Pure. A cursor is an id: everything that arrived from it on is still to be read. Between the pages of
 * a run it is `<last id read>.<floor>.<fingerprint>`.
 *
 *         cursor                      floor = start − overlap     start of the run
 *   ────────┼── page ──► page ──► page ──┼── page ──► page ──────────────┼──► time
 *                                        └ the cursor to keep: what was acknowledged late has a younger id
 *
 * What must hold: whatever is acknowledged after a run began, and was not read by it, has an id at or behind its floor
 * (late-write rule). So up to the floor every page simply begins a new run behind the last row. Behind it the run goes on,
 * and something late may come to stand behind its back: the fingerprint says what the run has seen from the floor on, and
 * it ends only if that is still all there is. So at `done` nothing is missing that was acknowledged before the last page.
 */
import type { ArrivalId } from '../../ids.ts';
import { idAt, parseId, timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { stableHash } from '../../storage/buckets.ts';

export interface SyncRun {
  /** Where this page begins: at this id, or behind it. */
  readonly from: { readonly id: ArrivalId; readonly inclusive: boolean };
  readonly floor: ArrivalId;
  /** Of the rows that earlier pages of this run read from the floor on; null on its first page. */
  readonly seen: number | null;
}

/** The run that a cursor begins or goes on with; null when the cursor is not ours. */
export function runOf(cursor: string, nowMs: number): SyncRun | null {
  const [positionText = '', floorText, seenText, ...rest] = cursor.split('.');
  const position = parseId<ArrivalId>(positionText);
  if (position === null || rest.length > 0 || isAhead(position, nowMs)) return null;
  if (floorText === undefined) return begin(position, true, nowMs);
  const floor = parseId<ArrivalId>(floorText);
  if (floor === null || seenText === undefined || !/^\d{1,10}$/.test(seenText) || isAhead(floor, nowMs)) return null;
  if (position < floor) return begin(position, false, nowMs);
  const isFresh = nowMs - timeOfId(floor) <= limits.overlapMs + limits.syncRunMs;
  return isFresh
    ? { from: { id: position, inclusive: false }, floor, seen: Number(seenText) }
    : begin(floor, true, nowMs);
}

function begin(id: ArrivalId, inclusive: boolean, nowMs: number): SyncRun {
  return { from: { id, inclusive }, floor: later(id, freshCursor(nowMs)), seen: null };
}

/** Rows from before it may have expired. */
export function isBeyondRetention(run: SyncRun, nowMs: number): boolean {
  return timeOfId(run.from.id) < nowMs - limits.inboxRetentionMs;
}

/** Of rows from the floor on, in any order; added to that of other rows. */
export function fingerprint(ids: readonly ArrivalId[], floor: ArrivalId, before = 0): number {
  return ids.reduce((sum, id) => (id < floor ? sum : (sum + stableHash(id)) >>> 0), before);
}

/** For the next page of the run. */
export function continuing(run: SyncRun, read: readonly ArrivalId[]): string {
  const last = read.at(-1) ?? run.from.id;
  return `${last}.${run.floor}.${fingerprint(read, run.floor, run.seen ?? 0)}`;
}

/** The cursor to keep when everything was read: min(newest row read, start − overlap). */
export function finished(run: SyncRun, lastRead: ArrivalId | null, nowMs: number): ArrivalId {
  const newest = lastRead ?? (run.from.inclusive ? run.floor : run.from.id);
  const kept = newest < run.floor ? newest : run.floor;
  return later(kept, idAt<ArrivalId>(nowMs - limits.cursorAgeMsMax));
}

/** For a reader who begins now with everything that a reload shows. */
export function freshCursor(nowMs: number): ArrivalId {
  return idAt<ArrivalId>(nowMs - limits.overlapMs);
}

/** Ids of other nodes may be a little ahead of this clock, but not more. */
function isAhead(id: ArrivalId, nowMs: number): boolean {
  return timeOfId(id) > nowMs + limits.overlapMs;
}

function later(left: ArrivalId, right: ArrivalId): ArrivalId {
  return left > right ? left : right;
}
