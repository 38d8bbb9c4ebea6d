/**
 * Every connection of this node, whatever carries it: how many there may be, one timer that sweeps them all, the
 * closing of revoked sessions, and the drain. Kept in an array with each connection knowing its place: a set would cost
 * 35 bytes a connection.
 */
import { type Clock, sleep, type Timer } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { SessionId } from '../ids.ts';
import type { Limits } from '../limits.ts';

export interface TrackedConnection {
  /** Its place in the array; owned by `Connections`. */
  place: number;
  readonly isHalfOpen: boolean;
  readonly sessionId: SessionId | null;
  /** Looks at its deadlines. `now` is monotonic. */
  sweep(now: number): void;
  announceDrain(afterMs: number): void;
  close(code: ErrorCode): void;
}

/** The drain is spread over this many moments, each closing a share of the connections. */
const DRAIN_STEPS = 20;

export class Connections {
  private readonly clock: Clock;
  private readonly limits: Limits;
  private readonly all: TrackedConnection[] = [];
  private sweeper: Timer | null = null;
  private halfOpenCount = 0;
  private draining = false;
  /** Called when the last connection has gone. */
  private emptied: (() => void) | null = null;

  constructor(clock: Clock, limits: Limits) {
    this.clock = clock;
    this.limits = limits;
  }

  start(): void {
    this.sweeper = this.clock.every(this.limits.connectionSweepMs, () => this.sweep());
  }

  stop(): void {
    this.sweeper?.cancel();
    this.sweeper = null;
  }

  get count(): number {
    return this.all.length;
  }

  get halfOpen(): number {
    return this.halfOpenCount;
  }

  /** Why no further connection is taken now; null if there is room. */
  refusal(): ErrorCode | null {
    if (this.draining) return 'draining';
    const full =
      this.all.length >= this.limits.connectionsMax || this.halfOpenCount >= this.limits.halfOpenConnectionsMax;
    return full ? 'overloaded' : null;
  }

  /** Every connection is half open until `opened`. */
  add(connection: TrackedConnection): void {
    connection.place = this.all.push(connection) - 1;
    this.halfOpenCount++;
  }

  opened(): void {
    this.halfOpenCount--;
  }

  /** `wasHalfOpen`: it went without having been opened. */
  remove(connection: TrackedConnection, wasHalfOpen: boolean): void {
    if (this.all[connection.place] !== connection) return;
    if (wasHalfOpen) this.halfOpenCount--;
    const last = this.all.pop();
    if (last !== undefined && last !== connection) {
      this.all[connection.place] = last;
      last.place = connection.place;
    }
    if (this.all.length === 0) this.emptied?.();
  }

  /** A walk over all: revocations are rare, and an index by session would cost every connection. */
  revoke(sessionId: SessionId): void {
    for (const connection of this.snapshot()) {
      if (connection.sessionId === sessionId) connection.close('session-revoked');
    }
  }

  /** Tells everyone to go, each at a moment of its own, and closes those that stay. Resolves when all are gone or time is up. */
  async drain(): Promise<void> {
    this.draining = true;
    const stepMs = this.limits.drainSpreadMs / DRAIN_STEPS;
    const shares: TrackedConnection[][] = Array.from({ length: DRAIN_STEPS }, () => []);
    for (const connection of this.snapshot()) {
      const step = Math.floor(this.clock.random() * DRAIN_STEPS);
      shares[step]?.push(connection);
      connection.announceDrain(Math.round(step * stepMs));
    }
    const gone = new Promise<void>((resolve) => {
      this.emptied = resolve;
    });
    if (this.all.length === 0) return;
    const timers = shares.map((share, step) =>
      this.clock.after(step * stepMs, () => {
        for (const connection of share) connection.close('draining');
      }),
    );
    const timeUp = sleep(this.clock, this.limits.drainSpreadMs + this.limits.drainTimeoutMs);
    await Promise.race([gone, timeUp]);
    for (const timer of timers) timer.cancel();
  }

  closeAll(code: ErrorCode): void {
    for (const connection of this.snapshot()) connection.close(code);
  }

  private sweep(): void {
    const now = this.clock.monotonic();
    // Backwards: closing one moves the last into its place, which has been looked at already.
    for (let place = this.all.length - 1; place >= 0; place--) this.all[place]?.sweep(now);
  }

  /** Closing changes the array: walk over a copy. */
  private snapshot(): TrackedConnection[] {
    return [...this.all];
  }
}
