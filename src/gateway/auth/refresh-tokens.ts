/**
 * Refresh tokens: `<kid>.<session>.<generation>.<mac>`. The token of a generation is always the same text, so a lost answer
 * can be repeated, and none is stored: what the store holds is which generation is in force.
 */
import { Problem } from '../../errors.ts';
import { parseId, type SessionId } from '../../ids.ts';
import type { KeyRing } from './secrets.ts';
import { openText, signText } from './signed-text.ts';

export class RefreshTokens {
  private readonly keys: KeyRing;

  constructor(keys: KeyRing) {
    this.keys = keys;
  }

  tokenFor(sessionId: SessionId, generation: number): string {
    return signText(this.keys, `${sessionId}.${generation}`);
  }

  /** Rejects `unauthenticated` for what this server did not make. Whether it is still in force, the session row says. */
  open(token: string): { readonly sessionId: SessionId; readonly generation: number } {
    const fields = openText(this.keys, token);
    const sessionId = parseId<SessionId>(fields?.[0] ?? '');
    const generation = Number(fields?.[1]);
    if (fields?.length !== 2 || sessionId === null || !Number.isSafeInteger(generation)) {
      throw new Problem('unauthenticated');
    }
    return { sessionId, generation };
  }
}
