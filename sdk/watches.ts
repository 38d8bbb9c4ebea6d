/**
 * Which topics are watched. Several parts of a page may watch the same one; the server is told once. It takes a bounded
 * number of topics per session: the most recently wanted ones win, the others wait for room.
 */
import { clientLimits } from './limits.ts';

export interface LiveNews {
  readonly topic: string;
  readonly type: string;
  readonly data: unknown;
}

export type LiveListener = (news: LiveNews) => void;

export interface WatchSender {
  watch(topics: readonly string[]): void;
  unwatch(topics: readonly string[]): void;
}

export class Watches {
  private readonly listeners = new Map<string, Set<LiveListener>>();
  /** What the server watches on this connection. */
  private readonly active = new Set<string>();
  private sender: WatchSender | null = null;

  /** A connection is open: everything wanted is asked for again. */
  attach(sender: WatchSender): void {
    this.sender = sender;
    this.active.clear();
    this.settle();
  }

  detach(): void {
    this.sender = null;
    this.active.clear();
  }

  add(topic: string, listener: LiveListener): () => void {
    const held = this.listeners.get(topic) ?? new Set();
    held.add(listener);
    // Wanted again means wanted most recently.
    this.listeners.delete(topic);
    this.listeners.set(topic, held);
    this.settle();
    return () => {
      if (!held.delete(listener) || held.size > 0) return;
      this.listeners.delete(topic);
      this.settle();
    };
  }

  deliver(news: LiveNews): void {
    for (const listener of this.listeners.get(news.topic) ?? []) listener(news);
  }

  private settle(): void {
    if (this.sender === null) return;
    const wanted = new Set([...this.listeners.keys()].slice(-clientLimits.watchedTopics));
    const gone = [...this.active].filter((topic) => !wanted.has(topic));
    const added = [...wanted].filter((topic) => !this.active.has(topic));
    for (const topic of gone) this.active.delete(topic);
    for (const topic of added) this.active.add(topic);
    if (gone.length > 0) this.sender.unwatch(gone);
    if (added.length > 0) this.sender.watch(added);
  }
}
