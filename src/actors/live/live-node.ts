/**
 * The live room of one node: actors, their logs, and the sessions that are cursors over them. This file only sequences;
 * what must hold is said where it is kept (event-log, appender, flush, activation, session-table, residents).
 */
import type { Clock, Timer } from '../../clock.ts';
import { asProblem, type ErrorCode, InvariantViolation, Problem } from '../../errors.ts';
import type { PostId, UserId } from '../../ids.ts';
import type { Limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import type { LogEvent } from '../event.ts';
import { type AcknowledgementParts, acknowledge, sweepOverdue } from './acknowledgements.ts';
import { Activations } from './activation.ts';
import { Appender } from './appender.ts';
import { displacedBy, startOf } from './attaching.ts';
import { type Broadcast, BroadcastBurst } from './broadcast-burst.ts';
import { Flusher } from './flush.ts';
import { NO_HANDLE } from './handle-table.ts';
import { InterestChanges } from './interest-changes.ts';
import { type LiveMeasures, noMeasures } from './live-measures.ts';
import type { ActivationSource, HotView, LiveEvents, TimelineEntry } from './live-events.ts';
import { Residents } from './residents.ts';
import type { Attached, AttachRequest, LiveSessions, SessionLink, SessionState } from './session.ts';
import { BLOCKED, HEARD, QUEUED, READS_DEFLATED, STATE_DIRTY } from './session-table.ts';

export interface LiveNodeParts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly source: ActivationSource;
  readonly log: Logger;
  readonly measures?: LiveMeasures;
}

/** An actor can be passivated between its activation and the attach that waited for it; not again and again. */
const ATTACH_ATTEMPTS = 3;

export class LiveNode implements LiveSessions, LiveEvents {
  private readonly clock: Clock;
  private readonly limits: Limits;
  private readonly log: Logger;
  private readonly residents: Residents;
  private readonly appender: Appender;
  private readonly changes: InterestChanges;
  private readonly activations: Activations;
  private readonly burst: BroadcastBurst;
  private readonly flusher: Flusher;
  private readonly acknowledging: AcknowledgementParts;
  private readonly measures: LiveMeasures;
  private sweeper: Timer | null = null;

  private constructor(parts: LiveNodeParts) {
    const { clock, limits } = parts;
    this.clock = clock;
    this.limits = limits;
    this.log = parts.log;
    const measures = parts.measures ?? noMeasures;
    this.measures = measures;
    this.residents = new Residents(clock, limits);
    this.appender = new Appender(clock, limits, this.residents);
    this.changes = new InterestChanges(clock, limits);
    const { residents, appender, changes } = this;
    const onRegister = (): void => this.burst.give();
    this.activations = new Activations({
      clock,
      limits,
      source: parts.source,
      residents,
      appender,
      changes,
      onRegister,
    });
    this.burst = this.openBurst();
    const { actors, logs, bodies, sessions } = residents;
    const onFailure = (index: number, error: unknown): void => this.sessionFailed(index, error);
    const onBehind = (actor: number, seq: number): void => {
      measures.fellBehind();
      appender.doubt(actor, seq);
    };
    const prepare = (): void => this.burst.give();
    this.flusher = new Flusher({
      clock,
      limits,
      actors,
      logs,
      bodies,
      sessions,
      measures,
      prepare,
      onBehind,
      onFailure,
    });
    this.acknowledging = { clock, limits, logs, bodies, sessions, measures };
  }

  static open(parts: LiveNodeParts): LiveNode {
    const node = new LiveNode(parts);
    node.sweeper = parts.clock.every(parts.limits.liveSweepMs, () => node.sweep());
    return node;
  }

  /** Stops sending. Connections are the gateway's to end. */
  close(): void {
    this.sweeper?.cancel();
    this.flusher.stop();
  }

  get count(): number {
    return this.residents.sessions.count;
  }

  /** Actors resident on this node, activating ones included. */
  get residentCount(): number {
    return this.residents.actors.size;
  }

  attachResident(request: AttachRequest, link: SessionLink): Attached | null {
    const { actors, logs, sessions } = this.residents;
    this.burst.give();
    const actor = actors.findOpen(request.userId);
    if (actor < 0) return null;
    this.displace(actor, request.device);
    const epoch = actors.epoch(actor);
    const { mode, seq } = startOf(request.resume, {
      epoch,
      head: logs.head(actor),
      oldest: logs.oldest(actor),
      settled: () => logs.settled(actor, this.clock.now()),
    });
    const index = sessions.open(actor, request.device, link, seq);
    sessions.headAtOpen.set(index, logs.head(actor));
    if (request.readsDeflated === true) sessions.raise(index, READS_DEFLATED);
    this.measures.attached(mode);
    if (mode !== 'resumed') this.appender.doubt(actor, seq);
    if (seq < logs.head(actor)) this.flusher.request(index);
    return { index, mode, epoch, seq, cursor: logs.cursorAt(actor, seq), state: actors.state(actor) };
  }

  catchUp(index: number): void {
    const { sessions } = this.residents;
    if (sessions.serves(index) && sessions.has(index, QUEUED)) this.flusher.serveNow(index);
  }

  async attach(request: AttachRequest, link: SessionLink): Promise<Attached> {
    for (let attempt = 0; attempt < ATTACH_ATTEMPTS; attempt++) {
      const attached = this.attachResident(request, link);
      if (attached !== null) return attached;
      await this.activations.activate(request.userId);
    }
    const attached = this.attachResident(request, link);
    if (attached === null) throw new Problem('unavailable');
    return attached;
  }

  /** Makes the user's actor resident if it is not. Rejects with `overloaded` or `unavailable`. */
  activate(userId: UserId): Promise<void> {
    return this.activations.activate(userId);
  }

  acknowledge(index: number, seq: number): boolean {
    const { sessions } = this.residents;
    if (!sessions.serves(index)) return true;
    if (!acknowledge(this.acknowledging, index, seq)) return false;
    this.heard(index);
    return true;
  }

  writable(index: number): void {
    const { sessions } = this.residents;
    if (!sessions.serves(index)) return;
    sessions.lower(index, BLOCKED);
    this.heard(index);
  }

  detach(index: number): void {
    const { sessions, actors } = this.residents;
    if (!sessions.knows(index)) return;
    if (sessions.serves(index)) actors.touch(sessions.actor(index));
    sessions.close(index);
  }

  broadcast(authorId: UserId, event: LogEvent, entry: TimelineEntry | null): void {
    const { bodies, interest } = this.residents;
    if (this.appender.isWithdrawn(event)) return;
    const fresh = bodies.find(event.id) === NO_HANDLE && !this.appender.wasBroadcast(event);
    this.burst.add({ authorId, event, entry, held: this.acquire(event), fresh });
    if (this.burst.isFull) this.burst.give();
    else this.flusher.expect(interest.audience(authorId));
  }

  deliver(userId: UserId, event: LogEvent, entry: TimelineEntry | null): void {
    const { actors, bodies } = this.residents;
    this.burst.give();
    const actor = actors.find(userId);
    if (actor < 0 || this.appender.isWithdrawn(event)) return;
    const held = this.acquire(event);
    try {
      if (this.appender.append(actor, held, { event, entry, fresh: false })) this.flusher.requestActor(actor);
    } catch (error) {
      this.endActor(actor, error);
    } finally {
      if (held !== NO_HANDLE) bodies.release(held);
    }
  }

  setInterest(userId: UserId, authorId: UserId, interested: boolean): void {
    const { actors, interest } = this.residents;
    this.burst.give();
    this.changes.record(userId, authorId, interested);
    // An activating actor too: what its read finds is laid over by the change, or was registered already.
    const actor = actors.find(userId);
    if (actor < 0) return;
    if (interested) {
      interest.add(actor, authorId);
      this.appender.doubt(actor);
    } else {
      interest.remove(actor, authorId);
    }
  }

  listensTo(userId: UserId, authorId: UserId): boolean {
    const actor = this.residents.actors.findOpen(userId);
    return actor >= 0 && this.residents.interest.has(actor, authorId);
  }

  mergeTimeline(userId: UserId, entries: readonly TimelineEntry[]): void {
    const actor = this.residents.actors.find(userId);
    if (actor < 0) return;
    try {
      for (const entry of entries) this.residents.timelines.insert(actor, entry);
    } catch (error) {
      this.endActor(actor, error);
    }
  }

  withdrawPost(postId: PostId): void {
    // Its entries can only be withdrawn from where they are.
    if (this.burst.shows(postId)) this.burst.give();
    this.appender.withdraw(postId);
    this.flusher.forgetBodies();
  }

  setState(userId: UserId, state: Partial<SessionState>): void {
    const { actors, sessions } = this.residents;
    const actor = actors.find(userId);
    if (actor < 0) return;
    if (!actors.isOpen(actor)) {
      this.activations.setState(userId, state);
      return;
    }
    actors.setState(actor, { ...actors.state(actor), ...state });
    sessions.forEachOfActor(actor, (index) => sessions.raise(index, STATE_DIRTY));
    this.flusher.requestActor(actor);
  }

  hotTimeline(userId: UserId): HotView | null {
    const { actors, logs, timelines } = this.residents;
    this.burst.give();
    const actor = actors.findOpen(userId);
    if (actor < 0) return null;
    actors.touch(actor);
    // Whoever reads this may continue from its position.
    this.appender.doubt(actor);
    const seq = logs.head(actor);
    return {
      entries: timelines.read(actor),
      truncated: timelines.truncated(actor),
      epoch: actors.epoch(actor),
      seq,
      cursor: logs.cursorAt(actor, seq),
    };
  }

  /** Ends the user's activation and sessions: what it held can no longer be trusted. The next attach reads anew. */
  endActivation(userId: UserId): void {
    const actor = this.residents.actors.find(userId);
    if (actor >= 0) this.endActor(actor, new Problem('internal'));
  }

  private openBurst(): BroadcastBurst {
    const { residents, appender, activations } = this;
    const onGrown = (actor: number): void => this.flusher.requestActor(actor);
    const onFailure = (actor: number, error: unknown): void => this.endActor(actor, error);
    const onGiven = ({ event, authorId, held }: Broadcast): void => {
      appender.noteBroadcast(event, authorId);
      activations.noteBroadcast(authorId, held);
    };
    return new BroadcastBurst({ residents, appender, onGrown, onFailure, onGiven });
  }

  /** The body, with a reference for the caller. */
  private acquire(event: LogEvent): number {
    const { bodies } = this.residents;
    const held = bodies.acquire(event);
    if (held !== NO_HANDLE) return held;
    // What is kept for the order of events makes room for events.
    this.activations.forgetBroadcasts();
    return bodies.acquire(event);
  }

  private heard(index: number): void {
    const { sessions, logs } = this.residents;
    const pending = sessions.sent.get(index) < logs.head(sessions.actor(index));
    if (!pending && !sessions.has(index, STATE_DIRTY)) return;
    sessions.raise(index, HEARD);
    this.flusher.request(index);
  }

  private displace(actor: number, device: string): void {
    const { sessions } = this.residents;
    const present = sessions.ofActor(actor).map((index) => ({ index, device: sessions.deviceOf(index) }));
    for (const index of displacedBy(device, present, this.limits.sessionsPerUserMax))
      this.endSession(index, 'replaced');
  }

  private endSession(index: number, code: ErrorCode): void {
    const { sessions, actors } = this.residents;
    if (!sessions.serves(index)) return;
    const link = sessions.link(index);
    actors.touch(sessions.actor(index));
    sessions.end(index);
    try {
      link.close(code);
    } catch (error) {
      this.log.error('a link failed to close', { error });
    }
  }

  private sessionFailed(index: number, error: unknown): void {
    const { sessions } = this.residents;
    if (!sessions.serves(index)) return;
    if (error instanceof InvariantViolation) {
      this.endActor(sessions.actor(index), error);
      return;
    }
    this.log.error('a link failed to send', { error });
    this.endSession(index, 'internal');
  }

  private endActor(actor: number, error: unknown): void {
    const { actors, sessions } = this.residents;
    if (actors.isFree(actor)) return;
    this.log.error('an activation was ended', { error });
    const { code } = asProblem(error);
    for (const index of sessions.ofActor(actor)) this.endSession(index, code);
    if (!actors.isFree(actor)) this.residents.drop([actor]);
  }

  private sweep(): void {
    const { residents, limits, clock } = this;
    this.activations.sweep();
    sweepOverdue(this.acknowledging, (index, code) => this.endSession(index, code));
    // Every row is looked at about once a minute.
    const rows = Math.ceil((residents.actors.span * limits.liveSweepMs) / 60_000) + 64;
    residents.passivate(rows, clock.monotonic() - limits.actorIdleMs);
  }
}
