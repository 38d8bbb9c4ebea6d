/**
 * What clients say they have: moves `acked`, frees the window, and ends sessions that owe an answer for too long.
 */
import type { Clock } from '../../clock.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import type { EventBodies } from './event-bodies.ts';
import type { EventLogs } from './event-log.ts';
import type { LiveMeasures } from './live-measures.ts';
import { BLOCKED, READS_DEFLATED, type SessionTable } from './session-table.ts';

export interface AcknowledgementParts {
  readonly clock: Pick<Clock, 'monotonic' | 'now'>;
  readonly limits: Limits;
  readonly logs: EventLogs;
  readonly bodies: EventBodies;
  readonly sessions: SessionTable;
  readonly measures: LiveMeasures;
}

/** False if `seq` was never sent. At most `windowEvents` steps, one when everything is acknowledged. */
export function acknowledge(parts: AcknowledgementParts, index: number, seq: number): boolean {
  const { sessions, clock } = parts;
  const sent = sessions.sent.get(index);
  if (!Number.isInteger(seq) || seq < 0 || seq > sent) return false;
  const before = sessions.acked.get(index);
  if (seq <= before) return true;
  parts.measures.acknowledged(seq - before, ageOf(parts, index, before + 1));
  sessions.unacknowledgedBytes.set(index, bytesAfter(parts, index, seq));
  sessions.acked.set(index, seq);
  // Of a session that owes nothing nobody asks since when: the next flush says it.
  if (seq < sent || sessions.has(index, BLOCKED)) sessions.waitingSince.set(index, clock.monotonic());
  return true;
}

/** One look per acknowledgement, at its oldest event. */
function ageOf({ sessions, logs, bodies, clock }: AcknowledgementParts, index: number, seq: number): number | null {
  const actor = sessions.actor(index);
  if (seq <= sessions.headAtOpen.get(index) || seq < logs.oldest(actor)) return null;
  return Math.max(0, clock.now() - bodies.get(logs.handleAt(actor, seq)).createdAtMs);
}

/**
 * Bytes of the events in (seq, sent], as if each had come in a frame of its own, but no more than were known of: how they
 * were put together is not kept. Those that fell off the ring since, or may have been deflated together, count as what the
 * window knows on average.
 */
function bytesAfter(parts: AcknowledgementParts, index: number, seq: number): number {
  const { sessions, logs, bodies, limits } = parts;
  const sent = sessions.sent.get(index);
  if (seq === sent) return 0;
  const actor = sessions.actor(index);
  const unacknowledged = sessions.unacknowledgedBytes.get(index);
  if (sessions.has(index, READS_DEFLATED) || seq + 1 < logs.oldest(actor)) {
    return Math.ceil((unacknowledged * (sent - seq)) / (sent - sessions.acked.get(index)));
  }
  let bytes = 0;
  for (let at = seq + 1; at <= sent; at++) bytes += bodies.get(logs.handleAt(actor, at)).json.length;
  bytes += (sent - seq) * limits.eventsFrameEnvelopeBytes;
  return Math.min(bytes, unacknowledged);
}

/** Tells `end` of every session that kept us waiting beyond the deadline. */
export function sweepOverdue(parts: AcknowledgementParts, end: (index: number, code: ErrorCode) => void): void {
  const { sessions, clock, limits } = parts;
  const before = clock.monotonic() - limits.acknowledgementDeadlineMs;
  for (let index = 0; index < sessions.span; index++) {
    if (!sessions.serves(index) || sessions.waitingSince.get(index) > before) continue;
    if (sessions.acked.get(index) < sessions.sent.get(index)) end(index, 'no-acknowledgement');
    else if (sessions.has(index, BLOCKED)) end(index, 'too-slow');
  }
}
