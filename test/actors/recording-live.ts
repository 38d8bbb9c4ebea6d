/** A live room as plain lists: what it promises to posts and feed, without connections and bounds. */
import type { LogEvent } from '../../src/actors/event.ts';
import { freshCursor } from '../../src/actors/feed/sync-cursor.ts';
import { mergeNewestFirst } from '../../src/actors/feed/feed-rules.ts';
import type { ActivationSource, HotView, LiveEvents, TimelineEntry } from '../../src/actors/live/live-events.ts';
import type { Clock } from '../../src/clock.ts';
import { invariant } from '../../src/errors.ts';
import type { EventId, PostId, UserId } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';

interface Resident {
  entries: TimelineEntry[];
  truncated: boolean;
  readonly interest: Set<UserId>;
  readonly known: Set<EventId>;
  readonly log: LogEvent[];
}

export class RecordingLive implements LiveEvents {
  source: ActivationSource | null = null;
  readonly broadcasts: LogEvent[] = [];
  readonly withdrawn: PostId[] = [];
  private readonly clock: Clock;
  private readonly residents = new Map<UserId, Resident>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async activate(userId: UserId): Promise<void> {
    invariant(this.source, 'an activation source');
    const actor: Resident = { entries: [], truncated: false, interest: new Set(), known: new Set(), log: [] };
    this.residents.set(userId, actor);
    for (const authorId of await this.source.followedAuthors(userId)) actor.interest.add(authorId);
    const entries = await this.source.newestEntries(userId);
    actor.truncated = entries.length >= limits.hotTimelineEntries;
    this.insert(actor, entries);
  }

  passivate(userId: UserId): void {
    this.residents.delete(userId);
  }

  logOf(userId: UserId): readonly LogEvent[] {
    return this.residents.get(userId)?.log ?? [];
  }

  broadcast(authorId: UserId, event: LogEvent, entry: TimelineEntry | null): void {
    this.broadcasts.push(event);
    for (const [userId, actor] of this.residents) {
      if (userId === authorId || actor.interest.has(authorId)) this.append(actor, event, entry);
    }
  }

  deliver(userId: UserId, event: LogEvent, entry: TimelineEntry | null): void {
    const actor = this.residents.get(userId);
    if (actor !== undefined) this.append(actor, event, entry);
  }

  setInterest(userId: UserId, authorId: UserId, interested: boolean): void {
    const interest = this.residents.get(userId)?.interest;
    if (interested) interest?.add(authorId);
    else interest?.delete(authorId);
  }

  listensTo(userId: UserId, authorId: UserId): boolean {
    return this.residents.get(userId)?.interest.has(authorId) ?? false;
  }

  mergeTimeline(userId: UserId, entries: readonly TimelineEntry[]): void {
    const actor = this.residents.get(userId);
    if (actor !== undefined) this.insert(actor, entries);
  }

  withdrawPost(postId: PostId): void {
    this.withdrawn.push(postId);
  }

  setState(): void {}

  hotTimeline(userId: UserId): HotView | null {
    const actor = this.residents.get(userId);
    if (actor === undefined) return null;
    const { entries, truncated, log } = actor;
    return { entries, truncated, epoch: 'e', seq: log.length, cursor: freshCursor(this.clock.now()) };
  }

  private append(actor: Resident, event: LogEvent, entry: TimelineEntry | null): void {
    if (entry !== null) this.insert(actor, [entry]);
    if (actor.known.has(event.id)) return;
    actor.known.add(event.id);
    actor.log.push(event);
  }

  private insert(actor: Resident, entries: readonly TimelineEntry[]): void {
    const held = actor.entries.length;
    const merged = mergeNewestFirst([actor.entries, entries], held + entries.length);
    // Full: what is older than all that are held is left to the store.
    const oldest = actor.truncated ? actor.entries.at(-1)?.publishId : undefined;
    const kept = oldest === undefined ? merged : merged.filter((entry) => entry.publishId >= oldest);
    if (kept.length > limits.hotTimelineEntries) actor.truncated = true;
    actor.entries = kept.slice(0, limits.hotTimelineEntries);
  }
}
