/**
 * Makes a user's actor resident: read, register interest, merge, open; once for all who wait for it. Everything is read
 * side by side, so what was broadcast before the interest was known came to nobody: if it was by someone of interest, the
 * entries are read once more.
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
import type { ActivationSource } from './live-events.ts';
import { RecentAuthors } from './recent-authors.ts';
import type { Residents } from './residents.ts';
import type { SessionState } from './session.ts';

export interface ActivationParts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly source: ActivationSource;
  readonly residents: Residents;
  readonly appender: Appender;
  readonly changes: InterestChanges;
}

interface Read {
  readonly startedMs: number;
  readonly reject: (reason: Problem) => void;
  /** State that was set while the read was under way: newer than what it will find. */
  state: Partial<SessionState>;
}

export class Activations {
  private readonly parts: ActivationParts;
  private readonly inFlight = new Map<UserId, Promise<void>>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  /** Reads under way, oldest first, by the epoch of their actor: an index may be somebody else's by the time one ends. */
  private readonly reads = new Map<string, Read>();
  private readonly broadcastLately: RecentAuthors;

  constructor(parts: ActivationParts) {
    this.parts = parts;
    this.broadcastLately = new RecentAuthors(parts.limits.activationBroadcasts);
  }

  /** Resolves when the actor was opened; it may be gone again by the time the caller runs. */
  async activate(userId: UserId): Promise<void> {
    const pending = this.inFlight.get(userId);
    if (pending !== undefined) return pending;
    if (this.running >= this.parts.limits.activationsConcurrent) {
      if (this.waiting.length >= this.parts.limits.activationsWaitingMax) throw new Problem('overloaded');
    }
    const run = this.run(userId);
    this.inFlight.set(userId, run);
    return run;
  }

  /** For an activating actor. */
  setState(actor: number, state: Partial<SessionState>): void {
    const read = this.reads.get(this.parts.residents.actors.epoch(actor));
    if (read !== undefined) read.state = { ...read.state, ...state };
  }

  /** Something of this author's was given to all actors that had registered their interest by now. */
  noteBroadcast(authorId: UserId): void {
    this.broadcastLately.note(authorId);
  }

  /** Rejects whoever waits for a read that takes too long; what it does later is its own affair. Call it now and then. */
  giveUpLate(): void {
    const before = this.parts.clock.monotonic() - this.parts.limits.activationTimeoutMs;
    for (const read of this.reads.values()) {
      if (read.startedMs > before) return;
      read.reject(new Problem('unavailable', { detail: 'The read took too long.' }));
    }
  }

  private async run(userId: UserId): Promise<void> {
    try {
      // Whoever frees a slot hands it over: `running` stays as it is.
      if (this.running < this.parts.limits.activationsConcurrent) this.running++;
      else await new Promise<void>((resolve) => this.waiting.push(resolve));
      try {
        await this.perform(userId);
      } finally {
        this.freeSlot();
      }
    } finally {
      this.inFlight.delete(userId);
    }
  }

  private freeSlot(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running--;
    else next();
  }

  private async perform(userId: UserId): Promise<void> {
    const { residents, clock } = this.parts;
    if (residents.actors.find(userId) >= 0) return;
    if (!residents.makeRoom()) throw new Problem('overloaded');
    const actor = residents.begin(userId);
    this.parts.appender.doubt(actor);
    const epoch = residents.actors.epoch(actor);
    try {
      await new Promise<void>((resolve, reject) => {
        this.reads.set(epoch, { startedMs: clock.monotonic(), reject, state: {} });
        this.read(userId, actor, epoch).then(resolve, reject);
      });
    } catch (error) {
      if (residents.actors.epoch(actor) === epoch) residents.drop([actor]);
      throw error instanceof Problem ? error : new Problem('unavailable', { cause: error });
    } finally {
      this.reads.delete(epoch);
    }
  }

  private async read(userId: UserId, actor: number, epoch: string): Promise<void> {
    const { source, residents, appender, changes } = this.parts;
    const began = this.broadcastLately.mark;
    const [followed, read, state] = await Promise.all([
      source.followedAuthors(userId),
      source.newestEntries(userId),
      source.state(userId),
    ]);
    if (residents.actors.epoch(actor) !== epoch) return;
    const interest = changes.apply(userId, followed);
    residents.interest.register(actor, interest);
    appender.doubt(actor);
    const isStale = this.broadcastLately.mayHold(interest, began);
    // A read that begins only now finds what passed us by, and what is broadcast from here on comes to us.
    const entries = isStale ? await source.newestEntries(userId) : read;
    if (residents.actors.epoch(actor) !== epoch) return;
    residents.timelines.load(actor, entries);
    residents.actors.setState(actor, { ...state, ...this.reads.get(epoch)?.state });
    residents.actors.open(actor);
  }
}
