/**
 * Makes a user's actor resident: read, register interest, merge, open; once for all who wait for it. Everything is read
 * side by side, so what was broadcast before the interest was known came to nobody: if it was by someone of interest, the
 * entries are read once more. What was broadcast during the last seconds is put into the log as well: its durable copies
 * may come only behind what is broadcast next, and a phone that catches up would be shown the two in the wrong order.
 *
 * Must hold: events that arrive during the read are in the log (the actor takes them from its first instant); a read
 * that fails or takes too long rejects everyone who waits and leaves nothing behind; an actor of a later activation is
 * never touched by the read of an earlier one.
 */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import type { Limits } from '../../limits.ts';
import type { Appender } from './appender.ts';
import type { InterestChanges } from './interest-changes.ts';
import type { ActivationSource, TimelineEntry } from './live-events.ts';
import { RecentBroadcasts } from './recent-broadcasts.ts';
import type { Residents } from './residents.ts';
import type { SessionState } from './session.ts';

export interface ActivationParts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly source: ActivationSource;
  readonly residents: Residents;
  readonly appender: Appender;
  readonly changes: InterestChanges;
  /** Called before an actor's interest is registered: what was broadcast until then is to be given to others by then. */
  readonly onRegister: () => void;
}

/** From the wish to have the actor until it is open, or the attempt has failed. */
interface Run {
  readonly userId: UserId;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  /** −1 as long as it waits for its turn. */
  actor: number;
  /** Of that actor: its index may be somebody else's by the time a read ends. */
  number: number;
  startedMs: number;
  /** State that was set while the read was under way: newer than what it will find. */
  state: Partial<SessionState> | null;
}

export class Activations {
  private readonly parts: ActivationParts;
  /** Of those whose read is under way, the oldest stands first. */
  private readonly runs = new Map<UserId, Run>();
  private readonly waiting: Run[] = [];
  private running = 0;
  private readonly broadcastLately: RecentBroadcasts;

  constructor(parts: ActivationParts) {
    this.parts = parts;
    const { clock, limits, residents } = parts;
    this.broadcastLately = new RecentBroadcasts(clock, limits, residents.bodies);
  }

  /** Resolves when the actor was opened, or is open; it may be gone again by the time the caller runs. */
  activate(userId: UserId): Promise<void> {
    const pending = this.runs.get(userId);
    if (pending !== undefined) return pending.done;
    const { limits, residents } = this.parts;
    if (residents.actors.find(userId) >= 0) return Promise.resolve();
    const isFree = this.running < limits.activationsConcurrent;
    if (!isFree && this.waiting.length >= limits.activationsWaitingMax) {
      return Promise.reject(new Problem('overloaded'));
    }
    const run = newRun(userId);
    this.runs.set(userId, run);
    if (!isFree) {
      this.waiting.push(run);
    } else {
      this.running++;
      if (!this.begin(run)) this.handOver();
    }
    return run.done;
  }

  /** For the activating actor of the user. */
  setState(userId: UserId, state: Partial<SessionState>): void {
    const run = this.runs.get(userId);
    if (run !== undefined) run.state = { ...run.state, ...state };
  }

  /** Something of this author's was given to all actors that had registered their interest by now. `held`: its body. */
  noteBroadcast(authorId: UserId, held: number): void {
    this.broadcastLately.note(authorId, held);
  }

  /** Lets go of all bodies: what is broadcast before an activation may then reach its phones after what comes next. */
  forgetBroadcasts(): void {
    this.broadcastLately.releaseAll();
  }

  /** Forgets old broadcasts, and gives up reads that take too long. Call it now and then. */
  sweep(): void {
    this.broadcastLately.release();
    this.giveUpLate();
  }

  /** Rejects whoever waits; what such a read does later is its own affair. */
  private giveUpLate(): void {
    const before = this.parts.clock.monotonic() - this.parts.limits.activationTimeoutMs;
    for (const run of this.runs.values()) {
      if (run.actor < 0) continue;
      if (run.startedMs > before) return;
      this.end(run, new Problem('unavailable', { detail: 'The read took too long.' }));
    }
  }

  /** False if it has ended already. */
  private begin(run: Run): boolean {
    const { residents, appender, clock } = this.parts;
    run.startedMs = clock.monotonic();
    try {
      if (!residents.makeRoom()) throw new Problem('overloaded');
      run.actor = residents.begin(run.userId);
      run.number = residents.actors.number(run.actor);
      appender.open(run.actor);
      void this.carryOut(run);
      return true;
    } catch (error) {
      this.settle(run, error);
      return false;
    }
  }

  /** One function and one promise: a node that starts again does this for everybody who comes back. */
  private async carryOut(run: Run): Promise<void> {
    const { source } = this.parts;
    const { userId } = run;
    try {
      const began = this.broadcastLately.mark;
      const [followed, read, state] = await Promise.all([
        source.followedAuthors(userId),
        source.newestEntries(userId),
        source.state(userId),
      ]);
      if (this.holdsActor(run)) {
        // A read that begins only now finds what passed us by, and what is broadcast from here on comes to us.
        const entries = this.register(run, followed, began) ? read : await source.newestEntries(userId);
        if (this.holdsActor(run)) this.open(run, entries, state);
      }
      this.end(run, null);
    } catch (error) {
      this.end(run, error);
    }
  }

  private holdsActor({ actor, number }: Run): boolean {
    const { actors } = this.parts.residents;
    return actor >= 0 && !actors.isFree(actor) && actors.number(actor) === number;
  }

  /** False if something of the authors may have passed the actor by since `began`. */
  private register({ userId, actor }: Run, followed: readonly UserId[], began: number): boolean {
    const { residents, appender, changes, onRegister } = this.parts;
    onRegister();
    const interest = changes.apply(userId, followed);
    residents.interest.register(actor, interest);
    appender.doubt(actor);
    appender.recall(actor, this.broadcastLately.heldOf(interest, userId));
    return !this.broadcastLately.mayHold(interest, began);
  }

  private open(run: Run, entries: readonly TimelineEntry[], state: SessionState): void {
    const { actors, timelines } = this.parts.residents;
    timelines.load(run.actor, entries);
    actors.setState(run.actor, run.state === null ? state : { ...state, ...run.state });
    actors.open(run.actor);
  }

  /** Whichever comes first counts: the end of the read, or that it took too long. */
  private end(run: Run, error: unknown): void {
    if (this.runs.get(run.userId) !== run) return;
    this.settle(run, error);
    this.handOver();
  }

  private settle(run: Run, error: unknown): void {
    this.runs.delete(run.userId);
    if (error === null) {
      run.resolve();
      return;
    }
    if (this.holdsActor(run)) this.parts.residents.drop([run.actor]);
    run.reject(error instanceof Problem ? error : new Problem('unavailable', { cause: error }));
  }

  /** A place is free: it goes to whoever waits longest. */
  private handOver(): void {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      if (this.begin(next)) return;
    }
    this.running--;
  }
}

function newRun(userId: UserId): Run {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { userId, done: promise, resolve, reject, actor: -1, number: -1, startedMs: 0, state: null };
}
