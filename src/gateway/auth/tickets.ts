/**
 * Resume tickets: what a device shows instead of an access token when it reconnects. Bound to user, session and device,
 * valid for ten minutes; issuing and verifying cost one HMAC each and no store read, so a storm of reconnects is cheap.
 *
 *   <kid>.<user>.<session>.<expiry, ms in base 36>.<device, base64url>.<mac>
 */
import { Problem } from '../../errors.ts';
import { parseId, type SessionId, type UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { KeyRing } from './secrets.ts';
import { openText, signText } from './signed-text.ts';

export interface TicketHolder {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly device: string;
}

export interface Ticket extends TicketHolder {
  readonly expiresAtMs: number;
}

export class Tickets {
  private readonly keys: KeyRing;

  constructor(keys: KeyRing) {
    this.keys = keys;
  }

  issue(holder: TicketHolder, now: number): string {
    const expiry = (now + limits.ticketLifetimeMs).toString(36);
    const device = Buffer.from(holder.device, 'utf8').toString('base64url');
    return signText(this.keys, `${holder.userId}.${holder.sessionId}.${expiry}.${device}`);
  }

  /** Rejects `unauthenticated`: not ours, changed, or expired. */
  verify(text: string, now: number): Ticket {
    const fields = openText(this.keys, text);
    if (fields === null || fields.length !== 4) throw new Problem('unauthenticated');
    const userId = parseId<UserId>(ownText(fields[0] ?? ''));
    const sessionId = parseId<SessionId>(ownText(fields[1] ?? ''));
    const expiresAtMs = Number.parseInt(fields[2] ?? '', 36);
    if (userId === null || sessionId === null || !(expiresAtMs > now)) throw new Problem('unauthenticated');
    return { userId, sessionId, expiresAtMs, device: Buffer.from(fields[3] ?? '', 'base64url').toString('utf8') };
  }
}

/** A part of a text keeps the whole of it alive; a connection keeps its ids as long as it lives, and needs no ticket for that. */
function ownText(part: string): string {
  return Buffer.from(part, 'latin1').toString('latin1');
}
