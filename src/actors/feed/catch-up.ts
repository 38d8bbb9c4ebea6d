/**
 * `sync`: what arrived for a user from a cursor on, in order of arrival, a page at a time. Two sources are merged by id:
 * the inbox, and the lists of pulled authors and of the user. What was written twice comes twice, under one event id.
 */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { ArrivalId, EventId, UserId } from '../../ids.ts';
import { eventId, timeOfId } from '../../ids.ts';
import type { InboxRow, InboxRows } from '../../storage/repositories/inbox.ts';
import type { AuthorListRow } from '../../storage/repositories/posts.ts';
import type { EventType, LogEvent } from '../event.ts';
import type { SyncPage } from '../services.ts';
import type { EventHydrators, References } from './event-hydration.ts';
import { isTaken, type PulledPosts } from './pulled-posts.ts';
import {
  continuing,
  fingerprint,
  finished,
  freshCursor,
  isBeyondRetention,
  runOf,
  type SyncRun,
} from './sync-cursor.ts';

export interface CatchUpParts {
  readonly inbox: InboxRows;
  readonly pulled: PulledPosts;
  readonly hydrators: EventHydrators;
  readonly clock: Clock;
  /** Rows of one page. */
  readonly pageEvents: number;
}

/** One row of either source. `event` is null for rows that only mark a place: they come by another way. */
interface Arrival {
  readonly arrivalId: ArrivalId;
  readonly event: ArrivedEvent | null;
}

interface ArrivedEvent {
  readonly id: EventId;
  readonly type: EventType;
  readonly atMs: number;
  readonly references: References;
}

export class CatchUp {
  private readonly parts: CatchUpParts;

  constructor(parts: CatchUpParts) {
    this.parts = parts;
  }

  async sync(userId: UserId, cursor: string): Promise<SyncPage> {
    const nowMs = this.parts.clock.now();
    const run = runOf(cursor, nowMs);
    if (run === null) throw new Problem('invalid-cursor');
    if (isBeyondRetention(run, nowMs)) {
      return { events: [], cursor: freshCursor(nowMs), done: true, reset: 'retention' };
    }
    const arrivals = await this.arrivals(userId, { ...run.from, nowMs });
    const page = arrivals.slice(0, this.parts.pageEvents);
    const read = page.map((arrival) => arrival.arrivalId);
    const events = await this.hydrate(userId, page);
    if (arrivals.length > page.length) {
      return { events, cursor: continuing(run, read), done: false, reset: null };
    }
    if (!(await this.sawAll(userId, run, read, nowMs))) {
      return { events, cursor: run.floor, done: false, reset: null };
    }
    return { events, cursor: finished(run, read.at(-1) ?? null, nowMs), done: true, reset: null };
  }

  /** Whether nothing came to stand behind the run's back while it went from page to page. */
  private async sawAll(userId: UserId, run: SyncRun, read: readonly ArrivalId[], nowMs: number): Promise<boolean> {
    if (run.seen === null) return true;
    const last = read.at(-1) ?? run.from.id;
    let there = 0;
    let from = { id: run.floor, inclusive: true, nowMs };
    for (;;) {
      const arrivals = await this.arrivals(userId, from);
      const ids = arrivals.map((arrival) => arrival.arrivalId);
      there = fingerprint(
        ids.filter((id) => id <= last),
        run.floor,
        there,
      );
      const furthest = ids.at(-1);
      if (furthest === undefined || furthest >= last || ids.length <= this.parts.pageEvents) break;
      from = { id: furthest, inclusive: false, nowMs };
    }
    return there === fingerprint(read, run.floor, run.seen);
  }

  /** Of each source one row more than a page: so the first page of the merged rows is complete, and more is known of. */
  private async arrivals(
    userId: UserId,
    from: { readonly id: ArrivalId; readonly inclusive: boolean; readonly nowMs: number },
  ): Promise<Arrival[]> {
    const { inbox, pulled } = this.parts;
    const limit = this.parts.pageEvents + 1;
    const [rows, lists] = await Promise.all([inbox.since(userId, from, limit), pulled.since(userId, from, limit)]);
    const arrivals = [...rows.map(ofInbox), ...lists.flat().map((row) => ofList(userId, row))];
    return arrivals.sort((left, right) => (left.arrivalId < right.arrivalId ? -1 : 1)).slice(0, limit);
  }

  private async hydrate(userId: UserId, arrivals: readonly Arrival[]): Promise<LogEvent[]> {
    const events = distinct(arrivals);
    const types = [...new Set(events.map((event) => event.type))];
    const data = new Map<EventId, string>();
    await Promise.all(
      types.map(async (type) => {
        const ofType = events.filter((event) => event.type === type);
        const hydrated = await this.parts.hydrators[type]?.(
          userId,
          ofType.map((event) => event.references),
        );
        for (const [index, event] of ofType.entries()) {
          const dataJson = hydrated?.[index] ?? null;
          if (dataJson !== null) data.set(event.id, dataJson);
        }
      }),
    );
    return events.flatMap(({ id, type, atMs }) => {
      const dataJson = data.get(id);
      return dataJson === undefined ? [] : [{ id, type, atMs, dataJson }];
    });
  }
}

/** In order, each event once: at the place of its first copy. */
function distinct(arrivals: readonly Arrival[]): ArrivedEvent[] {
  const byId = new Map<EventId, ArrivedEvent>();
  for (const { event } of arrivals) {
    if (event !== null && !byId.has(event.id)) byId.set(event.id, event);
  }
  return [...byId.values()];
}

function ofInbox(row: InboxRow): Arrival {
  const { arrivalId, eventId: id, atMs, references } = row;
  // Written by the inbox writer from an event's own type.
  return { arrivalId, event: { id, type: row.type as EventType, atMs, references } };
}

function ofList(userId: UserId, row: AuthorListRow): Arrival {
  const arrivalId = row.publishId as string as ArrivalId;
  if (!isTaken(userId, row)) return { arrivalId, event: null };
  const id = eventId('post.new', row.postId);
  return {
    arrivalId,
    event: { id, type: 'post.new', atMs: timeOfId(row.publishId), references: { postId: row.postId } },
  };
}
