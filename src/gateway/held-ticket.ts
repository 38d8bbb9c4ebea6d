/** The ticket of a welcome: a fresh one, or the one that the client just showed while more than half of its life is left. */
import type { SessionId, UserId } from '../ids.ts';
import type { ConnectionContext } from './connection-context.ts';

export interface Identity {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly device: string;
}

/** Whoever came with a ticket still holds it. */
export interface Identified extends Identity {
  readonly held?: { readonly ticket: string; readonly expiresAtMs: number };
}

export interface TicketInForce {
  readonly ticket: string;
  /** Monotonic, whole: when the next one is due. */
  readonly dueAt: number;
}

/** Saves a reconnect storm one of its two signatures each. */
export function ticketFor(context: ConnectionContext, identified: Identified): TicketInForce {
  const { authenticator, clock, limits } = context;
  const { held, userId, sessionId, device } = identified;
  const halfLifeMs = limits.ticketLifetimeMs / 2;
  const beyondHalfMs = held === undefined ? 0 : held.expiresAtMs - clock.now() - halfLifeMs;
  if (held !== undefined && beyondHalfMs > 0) {
    return { ticket: held.ticket, dueAt: Math.ceil(clock.monotonic() + beyondHalfMs) };
  }
  const ticket = authenticator.issueTicket(userId, sessionId, device);
  return { ticket, dueAt: Math.ceil(clock.monotonic() + halfLifeMs) };
}
