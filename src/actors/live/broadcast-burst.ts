/**
 * Broadcasts of one turn, given to their audiences together: sixteen commands that were made durable in one transaction
 * announce sixteen events to much the same people, and an actor's rows are looked up once for all of them.
 *
 *   add, add, add ──► [ a b c ]  ── give ──►  marks: actor → which of them concern it  ──►  its log: a, b and c in one go
 *
 * Must hold: nobody sees an actor's log, timeline or interest between `add` and `give`: whoever is about to look at them or
 * to change them lets the burst be given first. So it is as if every event had been appended when it was added, in that order.
 * (Entries that are merged into a timeline may come before or after: it is ordered by publication.)
 */
import type { PostId, UserId } from '../../ids.ts';
import type { LogEvent } from '../event.ts';
import type { Appender } from './appender.ts';
import { Uint32Column } from './columns.ts';
import { EventRun } from './event-run.ts';
import { NO_HANDLE } from './handle-table.ts';
import type { TimelineEntry } from './live-events.ts';
import type { Residents } from './residents.ts';

export interface Broadcast {
  readonly authorId: UserId;
  readonly event: LogEvent;
  readonly entry: TimelineEntry | null;
  /** The body with a reference of the burst's, or NO_HANDLE if it could not be kept. */
  readonly held: number;
  /** No actor can have the event yet. */
  readonly fresh: boolean;
}

export interface BurstParts {
  readonly residents: Residents;
  readonly appender: Appender;
  /** The actor's log grew. */
  readonly onGrown: (actor: number) => void;
  /** The actor's log or timeline can no longer be trusted. */
  readonly onFailure: (actor: number, error: unknown) => void;
  /** Everybody concerned has it. The burst's reference to the body ends behind this call. */
  readonly onGiven: (broadcast: Broadcast) => void;
}

/** A mark is a word with a bit for each. */
const BROADCASTS_MAX = 32;

export class BroadcastBurst {
  private readonly parts: BurstParts;
  private broadcasts: Broadcast[] = [];
  /** Which of them concern an actor; 0 between bursts. */
  private readonly marks = new Uint32Column();
  /** Actors that are marked, in the order in which they were found. */
  private readonly marked: number[] = [];
  /** Of the mark that was made use of last: most of an audience have the same. */
  private mark = 0;
  private chosen: readonly Broadcast[] = [];
  private run: EventRun | null = null;

  constructor(parts: BurstParts) {
    this.parts = parts;
  }

  get isEmpty(): boolean {
    return this.broadcasts.length === 0;
  }

  get isFull(): boolean {
    return this.broadcasts.length === BROADCASTS_MAX;
  }

  /** Not when it is full. */
  add(broadcast: Broadcast): void {
    this.broadcasts.push(broadcast);
  }

  /** Whether one of them puts the post into timelines. */
  shows(postId: PostId): boolean {
    return this.broadcasts.some(({ entry }) => entry?.postId === postId);
  }

  give(): void {
    const given = this.broadcasts;
    if (given.length === 0) return;
    this.broadcasts = [];
    const { residents, onGiven, onFailure } = this.parts;
    this.marks.reserve(residents.actors.span);
    for (const [place, broadcast] of given.entries()) this.markAudience(broadcast, 1 << place);
    const failed: [number, unknown][] = [];
    for (const actor of this.marked) {
      const mark = this.marks.get(actor);
      this.marks.set(actor, 0);
      if (mark !== this.mark) this.choose(given, mark);
      try {
        this.giveTo(actor);
      } catch (error) {
        failed.push([actor, error]);
      }
    }
    this.run?.settle();
    this.run = null;
    this.mark = 0;
    this.chosen = [];
    this.marked.length = 0;
    for (const broadcast of given) {
      onGiven(broadcast);
      if (broadcast.held !== NO_HANDLE) residents.bodies.release(broadcast.held);
    }
    for (const [actor, error] of failed) onFailure(actor, error);
  }

  private markAudience({ authorId }: Broadcast, bit: number): void {
    const { marks, marked } = this;
    const { interest, actors } = this.parts.residents;
    const note = (actor: number): void => {
      const mark = marks.get(actor);
      if (mark === 0) marked.push(actor);
      marks.set(actor, mark | bit);
    };
    interest.forEach(authorId, note);
    const own = actors.find(authorId);
    if (own >= 0) note(own);
  }

  /** What a mark stands for. */
  private choose(given: readonly Broadcast[], mark: number): void {
    this.run?.settle();
    this.mark = mark;
    this.chosen = given.filter((_, place) => (mark & (1 << place)) !== 0);
    // Only what is certainly new to the log goes in without a look.
    const isPlain = this.chosen.every(({ fresh, held }) => fresh && held !== NO_HANDLE);
    this.run = isPlain
      ? new EventRun(
          this.parts.residents.bodies,
          this.chosen.map(({ held }) => held),
        )
      : null;
  }

  private giveTo(actor: number): void {
    const { residents, appender, onGrown } = this.parts;
    if (this.run === null) {
      let grown = false;
      for (const broadcast of this.chosen) grown = appender.append(actor, broadcast.held, broadcast) || grown;
      if (grown) onGrown(actor);
      return;
    }
    for (const { entry } of this.chosen) if (entry !== null) residents.timelines.insert(actor, entry);
    residents.logs.appendRun(actor, this.run);
    onGrown(actor);
  }
}
