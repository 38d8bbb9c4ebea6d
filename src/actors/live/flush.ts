/**
 * Sends what logs hold to the sessions that may take it: at most one frame a session and flush window, everything from
 * the cursor on, within the windows of unacknowledged events and bytes. What follows a flush within the window waits for
 * its end. After a quiet window a flush waits for company the longer, the more sessions it serves: a frame to five hundred
 * leaves at once, but sending to thousands takes longer than the window, and twice as long if the burst comes in two parts.
 *
 *            acked            sent            head
 *   ───────────┬────────────────┬───────────────┬──
 *              │ unacknowledged │   pending     │      sent/buffered: sent moves; dropped: it stays
 *
 * Must hold: `sent` moves only over what the link took, or over what the client was told it is behind of; a session that
 * is blocked, ended or out of window is left alone, and queued again by `writable` or `acknowledge`.
 */
import type { Clock, Timer } from '../../clock.ts';
import type { Limits } from '../../limits.ts';
import type { ActorTable } from './actor-table.ts';
import { BatchBuilder } from './batch-builder.ts';
import { Uint32List } from './columns.ts';
import type { Epochs } from './epochs.ts';
import type { EventBodies } from './event-bodies.ts';
import type { EventLogs } from './event-log.ts';
import type { LiveMeasures } from './live-measures.ts';
import type { EventBatch, LinkOutcome } from './session.ts';
import { BLOCKED, HEARD, QUEUED, READS_DEFLATED, type SessionTable, STATE_DIRTY } from './session-table.ts';

export interface FlushParts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly actors: ActorTable;
  readonly logs: EventLogs;
  readonly bodies: EventBodies;
  readonly sessions: SessionTable;
  readonly measures: Pick<LiveMeasures, 'sent'>;
  /** Puts into logs, and so into the queue, what was announced by `expect`. */
  readonly prepare: () => void;
  /** A client of the actor continues behind `seq`, without what is in between. */
  readonly onBehind: (actor: number, seq: number) => void;
  /** A link or an invariant failed while this session was served. */
  readonly onFailure: (index: number, error: unknown) => void;
}

/** One object for all sends: links encode during the call and keep nothing. */
class ReusedBatch implements EventBatch {
  actor = 0;
  seq = 0;
  count = 0;
  cursor = '';
  eventsJson: Buffer = Buffer.alloc(0);
  deflated: Buffer | null = null;
  private readonly epochs: Epochs;

  constructor(epochs: Epochs) {
    this.epochs = epochs;
  }

  get epoch(): string {
    return this.epochs.text(this.actor);
  }

  writeEpoch(target: Uint8Array, offset: number): void {
    this.epochs.write(this.actor, target, offset);
  }
}

export class Flusher {
  private readonly parts: FlushParts;
  private readonly builder: BatchBuilder;
  private readonly batch: ReusedBatch;
  private queue = new Uint32List();
  /** What the current turn works through, from `at` on. */
  private turn = new Uint32List();
  private at = 0;
  /** When the current turn began; monotonic. */
  private flushedAtMs = Number.NEGATIVE_INFINITY;
  /** When the first of the queue was queued or announced; monotonic. */
  private queuedAtMs = 0;
  /** How many more sessions the next flush will serve than are queued; 0 if nothing is announced. */
  private expected = 0;
  private timer: Timer | null = null;
  private running = false;
  /** When the sessions that are served now began to be served: monotonic, and read once for all of them. */
  private servedAtMs = 0;

  constructor(parts: FlushParts) {
    this.parts = parts;
    this.builder = new BatchBuilder(parts.logs, parts.bodies, parts.limits);
    this.batch = new ReusedBatch(parts.actors.epochs);
  }

  /** Serves the session in the next flush. */
  request(index: number): void {
    const { sessions } = this.parts;
    if (sessions.has(index, QUEUED)) return;
    sessions.raise(index, QUEUED);
    this.noteQueued();
    this.queue.push(index);
    this.arm();
  }

  /** About so many sessions will be queued by `prepare`, when the next flush begins. */
  expect(sessions: number): void {
    this.noteQueued();
    // At least one: also what only its author's devices hear of is to be prepared.
    this.expected = Math.max(this.expected, sessions, 1);
    this.arm();
  }

  /** Serves a queued session outside of a flush. Joined bodies are kept for the next such session, until the flush. */
  serveNow(index: number): void {
    // Its entry in the queue stays behind: there a session that is not marked is passed over.
    this.parts.sessions.lower(index, QUEUED);
    this.servedAtMs = this.parts.clock.monotonic();
    this.serve(index);
  }

  /** Bodies were changed: what was made of them is made anew. */
  forgetBodies(): void {
    this.builder.forget();
  }

  /** The actor's log grew, or its state changed. */
  requestActor(actor: number): void {
    this.parts.sessions.forEachOfActor(actor, this.requestBound);
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.queue.clear();
    this.turn.clear();
    this.at = 0;
    this.expected = 0;
  }

  private noteQueued(): void {
    if (this.queue.length === 0 && this.expected === 0) this.queuedAtMs = this.parts.clock.monotonic();
  }

  private readonly requestBound = (index: number): void => this.request(index);

  /** Not before the window of the last flush is over. */
  private arm(): void {
    if (this.running || this.timer !== null) return;
    const { clock, limits } = this.parts;
    const waitMs = this.flushedAtMs + limits.flushWindowMs - clock.monotonic();
    this.timer = clock.after(this.at < this.turn.length ? 0 : Math.max(0, waitMs), this.runBound);
  }

  private readonly runBound = (): void => this.run();

  private run(): void {
    const { clock, limits, sessions } = this.parts;
    this.timer = null;
    if (this.waitsForCompany()) return;
    this.running = true;
    this.servedAtMs = clock.monotonic();
    if (this.at >= this.turn.length) {
      this.parts.prepare();
      this.expected = 0;
      const done = this.turn;
      this.turn = this.queue;
      this.queue = done;
      this.queue.clear();
      this.at = 0;
      this.flushedAtMs = this.servedAtMs;
    }
    // Ten thousand sends take tens of milliseconds: other work gets its turn in between.
    const end = Math.min(this.turn.length, this.at + limits.flushSessionsPerTurn);
    while (this.at < end) {
      const index = this.turn.at(this.at++);
      // An index may have been detached, or attached anew and queued again, since it was queued.
      if (!sessions.has(index, QUEUED) || !sessions.serves(index)) continue;
      sessions.lower(index, QUEUED);
      this.serve(index);
    }
    const isOver = this.at >= this.turn.length;
    if (isOver) this.builder.forget();
    else this.builder.endTurn();
    this.running = false;
    if (!isOver || this.queue.length + this.expected > 0) this.arm();
  }

  /** Timers are no finer than a millisecond: a shorter wait is none. */
  private waitsForCompany(): boolean {
    if (this.at < this.turn.length) return false;
    const { clock, limits } = this.parts;
    const eachMs = limits.flushWindowMs === 0 ? 0 : limits.flushPatienceMsEach;
    const patienceMs = Math.min(limits.flushPatienceMsMax, (this.queue.length + this.expected) * eachMs);
    const waitMs = this.queuedAtMs + patienceMs - clock.monotonic();
    if (waitMs < 1) return false;
    this.timer = clock.after(waitMs, this.runBound);
    return true;
  }

  private serve(index: number): void {
    const { sessions, onFailure } = this.parts;
    if (sessions.has(index, BLOCKED)) return;
    const link = sessions.link(index);
    try {
      const more = this.serveEvents(index);
      // The link may have detached while it was called.
      const same = sessions.serves(index) && sessions.link(index) === link;
      if (same && sessions.has(index, STATE_DIRTY) && !sessions.has(index, BLOCKED)) this.sendState(index);
      if (same && more && !sessions.has(index, BLOCKED)) this.request(index);
    } catch (error) {
      onFailure(index, error);
    }
  }

  /** True if a further frame may follow in the next window. */
  private serveEvents(index: number): boolean {
    const { sessions, logs, limits } = this.parts;
    const actor = sessions.actor(index);
    const heard = sessions.has(index, HEARD);
    sessions.lower(index, HEARD);
    const head = logs.head(actor);
    const sent = sessions.sent.get(index);
    if (sent === head) return false;
    const room = limits.windowEvents - (sent - sessions.acked.get(index));
    const roomBytes = limits.windowBytes - limits.eventsFrameEnvelopeBytes - sessions.unacknowledgedBytes.get(index);
    if (sent + 1 < logs.oldest(actor)) {
      // Without a sign of life the news would only join what a stalled client has not read. One that owes less than half of
      // a window may just not have to acknowledge yet.
      const owesLittle = room > limits.windowEvents / 2 && roomBytes > limits.windowBytes / 2;
      return (heard || owesLittle) && this.sendBehind(index, actor, heard);
    }
    if (room <= 0) return false;
    if (!this.builder.pickAgain(actor, sent + 1, room, roomBytes)) {
      this.builder.pick(actor, sent + 1, room, Math.min(roomBytes, limits.eventsFrameBytesMax));
      if (this.builder.count === 0) return false;
    }
    return this.sendEvents(index, actor, sent + 1);
  }

  private sendEvents(index: number, actor: number, seq: number): boolean {
    const { sessions, logs, limits } = this.parts;
    const { count } = this.builder;
    const last = seq + count - 1;
    this.batch.actor = actor;
    this.batch.seq = seq;
    this.batch.count = count;
    this.batch.cursor = this.builder.cursor();
    this.batch.eventsJson = this.builder.json();
    this.batch.deflated = sessions.has(index, READS_DEFLATED) ? this.builder.deflated() : null;
    const bytes = (this.batch.deflated ?? this.batch.eventsJson).length + limits.eventsFrameEnvelopeBytes;
    const link = sessions.link(index);
    const outcome = link.sendEvents(this.batch);
    if (!sessions.serves(index) || sessions.link(index) !== link) return false;
    this.settle(index, outcome);
    if (outcome === 'dropped') return false;
    this.parts.measures.sent(count);
    if (sessions.sent.get(index) === sessions.acked.get(index)) this.startWaiting(index);
    sessions.sent.set(index, last);
    sessions.unacknowledgedBytes.set(index, sessions.unacknowledgedBytes.get(index) + bytes);
    return outcome === 'sent' && last < logs.head(actor);
  }

  /** True if events follow at once. */
  private sendBehind(index: number, actor: number, heard: boolean): boolean {
    const { sessions, logs, actors, clock } = this.parts;
    const seq = logs.settled(actor, clock.now());
    this.parts.onBehind(actor, seq);
    const cursor = logs.cursorAt(actor, seq);
    const link = sessions.link(index);
    const outcome = link.notify({ kind: 'behind', epoch: actors.epoch(actor), seq, cursor });
    if (!sessions.serves(index) || sessions.link(index) !== link) return false;
    this.settle(index, outcome);
    if (outcome === 'dropped') return false;
    sessions.sent.set(index, seq);
    sessions.acked.set(index, seq);
    // What was not heard of may still be under way: it counts until something is acknowledged again.
    if (heard) sessions.unacknowledgedBytes.set(index, 0);
    return outcome === 'sent' && seq < logs.head(actor);
  }

  private sendState(index: number): void {
    const { sessions, actors } = this.parts;
    const link = sessions.link(index);
    const outcome = link.notify({ kind: 'state', state: actors.state(sessions.actor(index)) });
    if (!sessions.serves(index) || sessions.link(index) !== link) return;
    this.settle(index, outcome);
    if (outcome !== 'dropped') sessions.lower(index, STATE_DIRTY);
  }

  private settle(index: number, outcome: LinkOutcome): void {
    if (outcome === 'sent') return;
    const { sessions } = this.parts;
    sessions.raise(index, BLOCKED);
    if (sessions.sent.get(index) === sessions.acked.get(index)) this.startWaiting(index);
  }

  private startWaiting(index: number): void {
    this.parts.sessions.waitingSince.set(index, this.servedAtMs);
  }
}
