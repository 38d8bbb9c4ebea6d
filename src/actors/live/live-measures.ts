/** What the live room lets its operator see. Called on the hot path: implementations only count. */
import type { AttachMode } from './session.ts';

export interface LiveMeasures {
  attached(mode: AttachMode): void;
  /** A connected client was told that it is behind. */
  fellBehind(): void;
  /** Events were handed to a connection, in one frame. */
  sent(events: number): void;
  /**
   * A device acknowledged events, the oldest of them `ageMs` after this node first had it; null when that says nothing,
   * because the event is older than the session, or has left the log.
   */
  acknowledged(events: number, ageMs: number | null): void;
}

export const noMeasures: LiveMeasures = {
  attached() {},
  fellBehind() {},
  sent() {},
  acknowledged() {},
};
