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
import { Uint32Column, Uint32List } from './columns.ts';
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
/** Marks that are remembered with what they stand for. An actor with yet another one is given its events one by one. */
const CHOICES_MAX = 64;

/** Those of a burst's broadcasts that concern an actor. */
interface Choice {
  readonly mark: number;
  readonly broadcasts: readonly Broadcast[];
  /** What they put into timelines. */
  readonly entries: readonly TimelineEntry[];
  /** Null unless all of them are certainly new to every log. */
  readonly run: EventRun | null;
}

const NOTHING: Choice = { mark: 0, broadcasts: [], entries: [], run: null };

export class BroadcastBurst {
  private readonly parts: BurstParts;
  private broadcasts: Broadcast[] = [];
  /** Which of them concern an actor; 0 between bursts. */
  private readonly marks = new Uint32Column();
  /** Actors that are marked, in the order in which they were found. */
  private readonly marked = new Uint32List();
  private readonly choices = new Map<number, Choice>();
  /** Runs ever made. */
  private runs = 0;

  constructor(parts: BurstParts) {
    this.parts = parts;
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
    const failed = this.giveMarked(given);
    for (const { run } of this.choices.values()) run?.settle();
    this.choices.clear();
    for (const broadcast of given) {
      onGiven(broadcast);
      if (broadcast.held !== NO_HANDLE) residents.bodies.release(broadcast.held);
    }
    for (const [actor, error] of failed) onFailure(actor, error);
  }

  /** Returns the actors that could not be given theirs. */
  private giveMarked(given: readonly Broadcast[]): [number, unknown][] {
    const { marks, marked } = this;
    const failed: [number, unknown][] = [];
    let choice = NOTHING;
    // By number here and below: an iterator for each of ten thousand actors costs as much as what is done for them.
    for (let place = 0; place < marked.length; place++) {
      const actor = marked.at(place);
      const mark = marks.get(actor);
      marks.set(actor, 0);
      // Most of an audience have the same mark as the one before.
      if (mark !== choice.mark) choice = this.choose(given, mark);
      try {
        this.giveTo(actor, choice);
      } catch (error) {
        failed.push([actor, error]);
      }
    }
    marked.clear();
    return failed;
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
  private choose(given: readonly Broadcast[], mark: number): Choice {
    const known = this.choices.get(mark);
    if (known !== undefined) return known;
    const broadcasts = given.filter((_, place) => (mark & (1 << place)) !== 0);
    const entries = broadcasts.flatMap(({ entry }) => entry ?? []);
    if (this.choices.size === CHOICES_MAX) return { mark, broadcasts, entries, run: null };
    const choice = { mark, broadcasts, entries, run: this.runOf(broadcasts) };
    this.choices.set(mark, choice);
    return choice;
  }

  private runOf(broadcasts: readonly Broadcast[]): EventRun | null {
    if (!broadcasts.every(({ fresh, held }) => fresh && held !== NO_HANDLE)) return null;
    const handles = broadcasts.map(({ held }) => held);
    return new EventRun(this.parts.residents.bodies, handles, ++this.runs);
  }

  private giveTo(actor: number, { broadcasts, entries, run }: Choice): void {
    const { residents, appender, onGrown } = this.parts;
    if (run === null) {
      let grown = false;
      for (const broadcast of broadcasts) grown = appender.append(actor, broadcast.held, broadcast) || grown;
      if (grown) onGrown(actor);
      return;
    }
    for (let place = 0; place < entries.length; place++) {
      residents.timelines.insert(actor, entries[place] as TimelineEntry);
    }
    residents.logs.appendRun(actor, run);
    onGrown(actor);
  }
}
