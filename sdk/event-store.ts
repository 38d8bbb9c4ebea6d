/**
 * What a device knows of its log: a pure state machine, no I/O, no timers. It decides which events are new and whether
 * something may be missing. What must hold:
 *
 * - an event id is handed on once, whether it comes live, again after a reconnect, or from `sync`;
 * - nothing overtakes what is missing: while something is pending, live events are held (and saved), and handed on once it
 *   is filled in;
 * - within an epoch sequence numbers are consecutive; a number that is skipped means "catch up", never silence;
 * - `cursor` only moves when everything before it is known: while something is pending, live frames do not move it;
 * - when it can no longer tell doubles from news (too many ids, or too many events held), it asks for a reload instead of
 *   guessing.
 */
import { clientLimits } from './limits.ts';
import type { EventsMessage, ResumePoint, ShownFeed, SyncPage, WelcomeMessage, WireEvent } from './wire.ts';

/**
 * `catch-up`: pull with `sync` from the cursor. `reload`: read feed and notifications anew. Each gap makes another object:
 * what was asked for before it does not fill it in.
 */
export type Pending = { kind: 'nothing' } | { kind: 'catch-up'; sinceMs: number } | { kind: 'reload'; reason: string };

export interface LogPosition {
  readonly epoch: string;
  readonly seq: number;
}

export class EventStore {
  /** Event id → when it was seen, oldest first. */
  private readonly seen = new Map<string, number>();
  private readonly remembered: number;
  /**
   * Live events that came while something was pending, by id, in order of arrival. Their ids are not in `seen` yet: the
   * copy that `sync` brings stands in the right place, and is the one to hand on.
   */
  private readonly held = new Map<string, WireEvent>();
  /** When the youngest of the forgotten ids was seen. */
  private forgottenMs = 0;
  private known: LogPosition | null = null;
  private from: string | null = null;
  private fromMs = 0;
  private open: Pending = { kind: 'nothing' };

  constructor(remembered: number = clientLimits.rememberedEventIds) {
    this.remembered = remembered;
  }

  get pending(): Pending {
    return this.open;
  }

  /** Where the log is known up to; null before the first welcome and after a `reset`. */
  get position(): LogPosition | null {
    return this.known;
  }

  get cursor(): string | null {
    return this.from;
  }

  get resumePoint(): ResumePoint | null {
    if (this.known === null || this.from === null) return null;
    return { epoch: this.known.epoch, seq: this.known.seq, cursor: this.from };
  }

  /** The application shows the first page of the feed: what comes after it is news, the posts on it are not. */
  continueFrom({ posts, position }: ShownFeed, nowMs: number): void {
    this.markShown(posts, nowMs);
    this.held.clear();
    this.open = { kind: 'nothing' };
    if (position === null) return;
    this.known = { epoch: position.epoch, seq: position.seq };
    this.moveCursor(position.cursor, nowMs);
  }

  welcome(message: WelcomeMessage, nowMs: number): void {
    const held = this.resumePoint;
    this.known = { epoch: message.epoch, seq: message.seq };
    switch (message.mode) {
      case 'fresh':
        if (this.from !== null || this.open.kind !== 'nothing') this.missed(nowMs);
        if (this.from === null) this.moveCursor(message.cursor, nowMs);
        break;
      case 'resumed':
        if (held === null || held.epoch !== message.epoch || held.seq !== message.seq) this.missed(nowMs);
        break;
      case 'behind':
        this.missed(nowMs);
        break;
      case 'reset':
        this.moveCursor(message.cursor, nowMs);
        this.mustReload('retention');
        break;
    }
  }

  /** Returns the events that are to be handed on now, in order: the news of the frame, unless they are held. */
  events(message: EventsMessage, nowMs: number): WireEvent[] {
    const next = this.known === null ? message.seq : this.known.seq + 1;
    const jumped = this.known !== null && this.known.epoch !== message.epoch;
    if (jumped || message.seq > next) this.missed(nowMs);
    const doubled = jumped ? 0 : Math.max(0, next - message.seq);
    const rest = message.events.slice(doubled);
    if (rest.length === 0) return [];
    this.known = { epoch: message.epoch, seq: message.seq + message.events.length - 1 };
    if (this.open.kind !== 'nothing') {
      this.hold(rest);
      return [];
    }
    this.moveCursor(message.cursor, nowMs);
    return this.news(rest, nowMs);
  }

  behind(message: LogPosition, nowMs: number): void {
    this.known = { epoch: message.epoch, seq: message.seq };
    this.missed(nowMs);
  }

  reset(reason: string): void {
    this.known = null;
    this.mustReload(reason);
  }

  /**
   * Returns the events that are to be handed on now, in order: the news of the page, and behind those of the last one what
   * was held. `asked`: what was pending when the page was asked for; the last page ends no gap that opened since then.
   */
  syncPage(page: SyncPage, asked: Pending, nowMs: number): WireEvent[] {
    if (this.open.kind !== 'catch-up') return [];
    if (page.reset !== null) {
      this.mustReload(page.reset);
      return [];
    }
    const news = this.news(page.events, nowMs);
    this.moveCursor(page.cursor, nowMs);
    if (!page.done || this.open !== asked) return news;
    this.open = { kind: 'nothing' };
    return [...news, ...this.release(nowMs)];
  }

  /** The cursor was refused. */
  cursorRefused(): void {
    this.mustReload('cursor');
  }

  /** The application has read its lists anew, the feed first. Returns what was held meanwhile and is news to them. */
  reloaded(feed: ShownFeed | null, nowMs: number): WireEvent[] {
    this.open = { kind: 'nothing' };
    this.markShown(feed?.posts ?? [], nowMs);
    const position = feed?.position ?? null;
    if (position !== null) {
      this.known ??= { epoch: position.epoch, seq: position.seq };
      this.moveCursor(position.cursor, nowMs);
    }
    return this.release(nowMs);
  }

  /** As text, for a storage; `restore` reads it back. */
  save(): string {
    const { known, from, fromMs, open, forgottenMs } = this;
    const held = [...this.held.values()];
    return JSON.stringify({ known, from, fromMs, open, forgottenMs, seen: [...this.seen], held } satisfies Saved);
  }

  /** False, and nothing changed, when the text is not what `save` wrote. */
  restore(text: string): boolean {
    const saved = parseSaved(text);
    if (saved === null) return false;
    this.known = saved.known;
    this.from = saved.from;
    this.fromMs = saved.fromMs;
    this.open = saved.open;
    this.forgottenMs = saved.forgottenMs;
    this.seen.clear();
    for (const [id, seenMs] of saved.seen) this.seen.set(id, seenMs);
    this.held.clear();
    for (const event of saved.held ?? []) this.held.set(event.id, event);
    return true;
  }

  /** Cursors reach back a little: catching up from the page's own would tell of its posts once more. */
  private markShown(posts: ShownFeed['posts'], nowMs: number): void {
    for (const { id } of posts) this.seen.set(`post.new:${id}`, nowMs);
    this.forget();
  }

  private moveCursor(cursor: string, nowMs: number): void {
    this.from = cursor;
    this.fromMs = nowMs;
  }

  private missed(nowMs: number): void {
    // A reload that is under way may have read its lists before this gap: a new one is asked for.
    if (this.open.kind === 'reload') this.mustReload(this.open.reason);
    else if (this.from === null) this.mustReload('no cursor');
    else if (this.forgottenMs > this.fromMs - clientLimits.doubleWithinMs) this.mustReload('bounds');
    else this.open = { kind: 'catch-up', sinceMs: this.open.kind === 'catch-up' ? this.open.sinceMs : nowMs };
  }

  /** What was held until now is part of the lists that are read from now on. */
  private mustReload(reason: string): void {
    this.open = { kind: 'reload', reason };
    this.held.clear();
  }

  private hold(events: readonly WireEvent[]): void {
    for (const event of events) {
      if (event.type !== 'nop' && !this.seen.has(event.id) && !this.held.has(event.id)) this.held.set(event.id, event);
    }
    if (this.held.size > this.remembered) this.mustReload('bounds');
  }

  private release(nowMs: number): WireEvent[] {
    const news = this.news([...this.held.values()], nowMs);
    this.held.clear();
    return news;
  }

  private news(events: readonly WireEvent[], nowMs: number): WireEvent[] {
    const news: WireEvent[] = [];
    for (const event of events) {
      // What vanished from the log keeps its number and says nothing.
      if (event.type === 'nop' || this.seen.has(event.id)) continue;
      this.seen.set(event.id, nowMs);
      news.push(event);
    }
    this.forget();
    return news;
  }

  private forget(): void {
    for (const [id, seenMs] of this.seen) {
      if (this.seen.size <= this.remembered) break;
      this.seen.delete(id);
      this.forgottenMs = Math.max(this.forgottenMs, seenMs);
    }
    const { open } = this;
    if (open.kind === 'catch-up' && this.forgottenMs > open.sinceMs - clientLimits.doubleWithinMs) {
      this.mustReload('bounds');
    }
  }
}

interface Saved {
  readonly known: LogPosition | null;
  readonly from: string | null;
  readonly fromMs: number;
  readonly open: Pending;
  readonly forgottenMs: number;
  readonly seen: readonly (readonly [string, number])[];
  /** Absent in texts of versions that held nothing. */
  readonly held?: readonly WireEvent[];
}

function parseSaved(text: string): Saved | null {
  try {
    const value = JSON.parse(text) as Saved;
    const sound =
      (value.known === null || (typeof value.known.epoch === 'string' && Number.isSafeInteger(value.known.seq))) &&
      (value.from === null || typeof value.from === 'string') &&
      typeof value.fromMs === 'number' &&
      typeof value.forgottenMs === 'number' &&
      ['nothing', 'catch-up', 'reload'].includes(value.open.kind) &&
      value.seen.every(([id, seenMs]) => typeof id === 'string' && typeof seenMs === 'number') &&
      (value.held ?? []).every(({ id, type }) => typeof id === 'string' && typeof type === 'string');
    return sound ? value : null;
  } catch {
    return null;
  }
}
