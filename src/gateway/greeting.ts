/** What a hello says, checked: who speaks, up to where everything is known, and what the client can read. */
import { Problem } from '../errors.ts';
import type { Authenticator } from './auth/accounts.ts';
import type { Identified } from './held-ticket.ts';
import type { ResumePoint } from './protocol/messages.ts';
import type { Hello } from './protocol/parse.ts';

export interface Greeting extends Identified {
  readonly resume: ResumePoint | null;
  readonly readsDeflated: boolean;
}

const DEFLATE = 'deflate';

/** Rejects `unauthenticated` or `session-revoked`. */
export function greetingOf(authenticator: Authenticator, hello: Hello): Greeting {
  const resume = hello.resume ?? null;
  const readsDeflated = hello.caps?.includes(DEFLATE) ?? false;
  if (hello.ticket !== undefined) {
    const { userId, sessionId, device, expiresAtMs } = authenticator.ticket(hello.ticket);
    if (hello.device !== undefined && hello.device !== device) {
      throw new Problem('unauthenticated', { detail: 'The ticket was made for another device.' });
    }
    const held = { ticket: hello.ticket, expiresAtMs };
    return { userId, sessionId, device, held, resume, readsDeflated };
  }
  const { userId, sessionId } = authenticator.accessToken(hello.token ?? '');
  return { userId, sessionId, device: hello.device ?? '', resume, readsDeflated };
}
