/**
 * Fills a gap: pulls `sync` pages from the cursor until done, or has the application reload; then hands on what came live
 * meanwhile. One runs at a time; it ends when nothing is pending or the connection is gone (the next welcome starts it
 * again, from where it was).
 */
import type { EventStore, Pending } from './event-store.ts';
import { clientLimits } from './limits.ts';
import { backoffMs, pause, type Platform } from './platform.ts';
import { asProblem } from './problem.ts';
import type { ShownFeed, SyncPage, WireEvent } from './wire.ts';

export interface CatchUpPorts {
  connected(): boolean;
  sync(cursor: string): Promise<SyncPage>;
  reload(reason: string): Promise<ShownFeed | null>;
  news(events: readonly WireEvent[]): void;
  progressed(): void;
  caughtUp(): void;
}

export class CatchUp {
  private readonly platform: Platform;
  private readonly store: EventStore;
  private readonly ports: CatchUpPorts;
  private running = false;
  private failures = 0;
  private stopping = new AbortController();

  constructor(platform: Platform, store: EventStore, ports: CatchUpPorts) {
    this.platform = platform;
    this.store = store;
    this.ports = ports;
  }

  async run(): Promise<void> {
    if (this.running || this.complete()) return;
    this.running = true;
    this.failures = 0;
    try {
      while (this.ports.connected() && !this.complete()) await this.step(this.store.pending);
    } finally {
      this.running = false;
    }
    if (!this.complete()) return;
    this.ports.progressed();
    this.ports.caughtUp();
  }

  /** Ends the waiting for another try; whoever runs it finds no connection. */
  stop(): void {
    this.stopping.abort();
    this.stopping = new AbortController();
  }

  private complete(): boolean {
    return this.store.pending.kind === 'nothing';
  }

  private async step(pending: Pending): Promise<void> {
    try {
      if (pending.kind === 'reload') await this.reload(pending);
      else await this.pull(pending);
      this.failures = 0;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.code === 'invalid-cursor') this.store.cursorRefused();
      const jitter = backoffMs(this.platform, this.failures++, clientLimits.requestBaseMs, clientLimits.reconnectCapMs);
      await pause(this.platform, (problem.retryAfterMs ?? 0) + jitter, this.stopping.signal).catch(() => undefined);
    }
  }

  private async pull(pending: Pending): Promise<void> {
    const { cursor } = this.store;
    if (cursor === null) {
      this.store.cursorRefused();
      return;
    }
    const page = await this.ports.sync(cursor);
    // A reload may have been asked for meanwhile: a page is good only for the cursor it was asked from.
    if (this.store.cursor !== cursor || this.store.pending.kind !== 'catch-up') return;
    this.ports.news(this.store.syncPage(page, pending, this.platform.now()));
    if (!page.done) this.ports.progressed();
  }

  private async reload(pending: Pending & { kind: 'reload' }): Promise<void> {
    const feed = await this.ports.reload(pending.reason);
    // Another gap opened while the lists were read: read them again.
    if (this.store.pending === pending) this.ports.news(this.store.reloaded(feed, this.platform.now()));
  }
}
