/** Who calls, and under which idempotency key, from the headers of a request. */
import { isPassing, Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Authenticator } from '../auth/accounts.ts';
import type { Viewer } from '../operation.ts';
import type { HttpRequest } from './exchange.ts';

const KEY_PATTERN = new RegExp(`^[\\x21-\\x7e]{1,${limits.idempotencyKeyCharactersMax}}$`);

/**
 * Null without an `Authorization` header; one that is not valid is refused even where none is needed. Asks the store only
 * while this node may not know of every revocation. If the store is away then, reading goes on: no revocation can become
 * durable meanwhile, what was revoked before is known here, and the token itself ends within a quarter of an hour.
 */
export async function viewerOf(
  authenticator: Authenticator,
  request: HttpRequest,
  purpose: 'reading' | 'writing',
): Promise<Viewer | null> {
  const header = request.headers.get('authorization');
  if (header === undefined) return null;
  const token = bearerTokenOf(header);
  if (token === null) throw new Problem('unauthenticated');
  const { userId, sessionId } = authenticator.accessToken(token);
  if (!authenticator.fresh) {
    await authenticator.confirm(sessionId).catch((error: unknown) => {
      if (purpose === 'writing' || !isPassing(error)) throw error;
    });
  }
  return { userId, sessionId };
}

export function bearerTokenOf(header: string): string | null {
  const token = /^bearer +(\S+)$/i.exec(header)?.[1];
  return token === undefined || token.length > limits.tokenCharactersMax ? null : token;
}

export async function signedInViewerOf(authenticator: Authenticator, request: HttpRequest): Promise<Viewer> {
  const viewer = await viewerOf(authenticator, request, 'writing');
  if (viewer === null) throw new Problem('unauthenticated');
  return viewer;
}

export function idempotencyKeyOf(request: HttpRequest): string | null {
  const key = request.headers.get('idempotency-key');
  if (key === undefined) return null;
  if (!KEY_PATTERN.test(key)) {
    throw new Problem('invalid-request', {
      detail: `Idempotency-Key is 1 to ${limits.idempotencyKeyCharactersMax} visible ASCII characters.`,
    });
  }
  return key;
}
