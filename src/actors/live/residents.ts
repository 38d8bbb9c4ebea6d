/**
 * The actors of this node with all that belongs to them. Resident means: interest is registered, and so every event
 * since the activation is in the log. There is no such thing as a resident actor that missed something: it keeps its
 * interest while nobody is connected (a phone that reconnects resumes), until it is passivated as a whole.
 */
import type { Clock } from '../../clock.ts';
import type { UserId } from '../../ids.ts';
import type { Limits } from '../../limits.ts';
import { ActorTable } from './actor-table.ts';
import { EventBodies } from './event-bodies.ts';
import { EventLogs } from './event-log.ts';
import { HotTimelines } from './hot-timeline.ts';
import { InterestIndex } from './interest-index.ts';
import { SessionTable } from './session-table.ts';
import { Slab } from './slab.ts';
import { TimelineEntries } from './timeline-entries.ts';

const PASSIVATED_AT_ONCE = 1024;

export class Residents {
  readonly slab = new Slab();
  readonly sessions = new SessionTable();
  readonly actors: ActorTable;
  readonly bodies: EventBodies;
  readonly logs: EventLogs;
  readonly entries = new TimelineEntries();
  readonly timelines: HotTimelines;
  readonly interest: InterestIndex;
  private readonly clock: Clock;
  private readonly limits: Limits;
  /** Where the search for idle actors goes on. */
  private hand = 0;

  constructor(clock: Clock, limits: Limits) {
    this.clock = clock;
    this.limits = limits;
    this.actors = new ActorTable(clock);
    this.bodies = new EventBodies(clock, limits);
    this.logs = new EventLogs(this.slab, this.bodies, limits);
    this.timelines = new HotTimelines(this.slab, this.entries, limits);
    this.interest = new InterestIndex(this.slab);
  }

  /** An activating actor: it takes events already, and no sessions yet. */
  begin(userId: UserId): number {
    const actor = this.actors.begin(userId);
    this.logs.open(actor, this.clock.now());
    this.timelines.open(actor);
    this.interest.open(actor);
    this.sessions.openActor(actor);
    return actor;
  }

  /** Forgets the actors; their sessions must have been ended. */
  drop(actors: readonly number[]): void {
    this.interest.drop(actors);
    for (const actor of actors) {
      this.logs.drop(actor);
      this.timelines.drop(actor);
      this.actors.drop(actor);
    }
  }

  /** True if there is room for one more, after letting idle ones go if need be. */
  makeRoom(): boolean {
    if (this.actors.size < this.limits.residentActorsMax) return true;
    const idle = this.actors.size - this.actors.activatingCount - this.sessions.attendedActors;
    // Without the count, a full node would search a million rows for every refusal.
    if (idle > 0) {
      this.passivate(this.actors.span, Number.POSITIVE_INFINITY, Math.ceil(this.limits.residentActorsMax / 64));
    }
    return this.actors.size < this.limits.residentActorsMax;
  }

  /** Lets actors go that nobody was connected to since `touchedBeforeMs`; looks at the next `rows` rows. */
  passivate(rows: number, touchedBeforeMs: number, actorsMax = PASSIVATED_AT_ONCE): number {
    const { actors, sessions } = this;
    const idle: number[] = [];
    for (let step = Math.min(rows, actors.span); step > 0 && idle.length < actorsMax; step--) {
      const actor = this.hand < actors.span ? this.hand : 0;
      this.hand = actor + 1;
      if (!actors.isOpen(actor) || sessions.isAttended(actor)) continue;
      if (actors.touchedMs(actor) < touchedBeforeMs) idle.push(actor);
    }
    if (idle.length > 0) this.drop(idle);
    return idle.length;
  }
}
