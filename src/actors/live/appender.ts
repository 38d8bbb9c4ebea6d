/**
 * Puts an event into an actor's log and timeline once, however it came: at publish every follower's actor hears of it
 * (`broadcast`), and later the fan-out's copy arrives for each (`deliver`), after its inbox row was acknowledged.
 *
 * Must hold: a copy is dropped only if every client of the user certainly has the event, or will get it from the log.
 * That is in doubt for all that came before
 *   · interest in an author was added: what was broadcast earlier passed this actor by;
 *   · a client was put at a place (fresh, behind): it catches up from the inbox, where what is before that place may not
 *     stand yet.
 * A double that slips through has the same id, and clients drop it; an event wrongly dropped would be lost. So doubt
 * means append.
 */
import type { Clock } from '../../clock.ts';
import type { EventId, PostId, UserId } from '../../ids.ts';
import type { Limits } from '../../limits.ts';
import type { LogEvent } from '../event.ts';
import { shownPost } from './event-bodies.ts';
import { Float64Column, Uint32Column } from './columns.ts';
import { NO_HANDLE } from './handle-table.ts';
import type { TimelineEntry } from './live-events.ts';
import { RecentMap } from './recent-map.ts';
import type { Residents } from './residents.ts';

interface Broadcast {
  readonly authorId: UserId;
  readonly number: number;
}

export class Appender {
  private readonly clock: Clock;
  private readonly residents: Residents;
  private readonly broadcasts: RecentMap<EventId, Broadcast>;
  private readonly withdrawn: RecentMap<PostId, true>;
  /** What was asked about last: one event goes to thousands of actors, and is taken apart once. */
  private askedEvent: LogEvent | null = null;
  private askedPost: PostId | null = null;
  private broadcastCount = 0;
  /** Broadcasts up to this number, and log numbers up to that one, are in doubt. */
  private readonly doubtedBroadcasts = new Float64Column();
  private readonly doubtedSeqs = new Uint32Column();

  constructor(clock: Clock, limits: Limits, residents: Residents) {
    this.clock = clock;
    this.residents = residents;
    this.broadcasts = new RecentMap(limits.recentBroadcasts);
    this.withdrawn = new RecentMap(limits.withdrawnPostsRemembered);
  }

  /** A new actor has seen nothing. */
  open(actor: number): void {
    this.doubtedBroadcasts.begin(actor, this.broadcastCount);
    this.doubtedSeqs.begin(actor, this.residents.logs.head(actor));
  }

  /** What came before may have passed a client of the user by. `seq`: the client will get from the log what is behind it. */
  doubt(actor: number, seq = this.residents.logs.head(actor)): void {
    this.doubtedBroadcasts.set(actor, this.broadcastCount);
    this.doubtedSeqs.set(actor, Math.max(seq, this.doubtedSeqs.get(actor)));
  }

  /** Puts what was broadcast before the actor's interest was known into its log, in that order. */
  recall(actor: number, handles: readonly number[]): void {
    const { logs } = this.residents;
    for (const handle of handles) {
      if (logs.newestSeqOf(actor, handle) === 0) logs.append(actor, handle);
    }
  }

  wasBroadcast(event: LogEvent): boolean {
    return this.broadcasts.has(event.id);
  }

  /** Call after the appends of a broadcast. Of repeated ones the first counts. */
  noteBroadcast(event: LogEvent, authorId: UserId): void {
    if (this.broadcasts.has(event.id)) return;
    this.broadcasts.set(event.id, { authorId, number: ++this.broadcastCount });
  }

  /** Events that show a withdrawn post are appended nowhere any more. */
  isWithdrawn(event: LogEvent): boolean {
    if (event !== this.askedEvent) {
      this.askedEvent = event;
      this.askedPost = shownPost(event);
    }
    return this.askedPost !== null && this.withdrawn.has(this.askedPost);
  }

  /**
   * `held`: the body's handle (with a reference of the caller's), or NO_HANDLE if it could not be kept. `fresh`: no actor
   * can have the event yet. True if the log grew.
   */
  append(actor: number, held: number, { event, entry, fresh }: Appending): boolean {
    const { logs, timelines } = this.residents;
    if (entry !== null) timelines.insert(actor, entry);
    if (!fresh && this.hasHad(actor, held, event)) return false;
    if (held === NO_HANDLE) logs.lose(actor, this.clock.now());
    else logs.append(actor, held);
    return true;
  }

  withdraw(postId: PostId): void {
    this.withdrawn.set(postId, true);
    this.residents.bodies.withdraw(postId);
    this.residents.entries.withdraw(postId);
  }

  private hasHad(actor: number, held: number, event: LogEvent): boolean {
    const { logs, interest, actors } = this.residents;
    const seq = held === NO_HANDLE ? 0 : logs.newestSeqOf(actor, held);
    if (seq > 0) return seq > this.doubtedSeqs.get(actor);
    const broadcast = this.broadcasts.get(event.id);
    if (broadcast === undefined || broadcast.number <= this.doubtedBroadcasts.get(actor)) return false;
    return interest.has(actor, broadcast.authorId) || actors.find(broadcast.authorId) === actor;
  }
}

export interface Appending {
  readonly event: LogEvent;
  readonly entry: TimelineEntry | null;
  readonly fresh: boolean;
}
