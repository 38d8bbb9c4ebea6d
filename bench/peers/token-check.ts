/** What peers check of a client: the same signature with the same package as the product, as one would write it by hand. */
import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';

export type TokenCheck = (token: unknown) => string | null;

/** The user of a valid token, else null. `secretHex`: the key that signed. */
export function tokenCheck(secretHex: string): TokenCheck {
  const key = createSecretKey(Buffer.from(secretHex, 'hex'));
  return (token) => {
    if (typeof token !== 'string') return null;
    try {
      const claims = jwt.verify(token, key, { algorithms: ['HS256'] });
      return typeof claims === 'object' && typeof claims.sub === 'string' ? claims.sub : null;
    } catch {
      return null;
    }
  };
}

export function welcomeFrame(user: string): string {
  return JSON.stringify({ t: 'welcome', user, seq: 0, mode: 'fresh' });
}
