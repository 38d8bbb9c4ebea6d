/** Whether a request carries a secret that was agreed upon as bearer token. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares digests, so that neither length nor time tells how much of a guess was right. */
export function isBearer(header: string | undefined, secret: string): boolean {
  const token = /^bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(token), digest(secret));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
