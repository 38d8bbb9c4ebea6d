/**
 * Short texts that only this server can make: `<kid>.<fields joined by dots>.<mac>`, the mac being HMAC-SHA256 over all
 * that stands before it, in base64url. Making and checking one costs one HMAC. Fields must not contain a dot; all
 * characters are allowed in an HTTP token, so a text fits into a header such as `Sec-WebSocket-Protocol`.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from './secrets.ts';

const SEPARATOR = '.';
/** 43 characters of base64url are 32 bytes. */
const MAC_CHARACTERS = 43;
const TEXT_CHARACTERS_MAX = 512;

export function signText(keys: KeyRing, payload: string): string {
  const signed = keys.newest.kid + SEPARATOR + payload;
  return signed + SEPARATOR + mac(keys.newest.key, signed);
}

/** The fields, or null when the text was not made with one of the keys. */
export function openText(keys: KeyRing, text: string): string[] | null {
  if (text.length > TEXT_CHARACTERS_MAX) return null;
  const signedLength = text.length - MAC_CHARACTERS - SEPARATOR.length;
  const kidLength = text.indexOf(SEPARATOR);
  if (kidLength < 1 || kidLength >= signedLength || text[signedLength] !== SEPARATOR) return null;
  const key = keys.byId.get(text.slice(0, kidLength));
  if (key === undefined) return null;
  const signed = text.slice(0, signedLength);
  const expected = Buffer.from(mac(key, signed));
  const given = Buffer.from(text.slice(signedLength + 1));
  // Compared as text, not decoded: base64url has several spellings of the same bytes, and only ours is right.
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return signed.slice(kidLength + 1).split(SEPARATOR);
}

function mac(key: KeyObject, signed: string): string {
  return createHmac('sha256', key).update(signed).digest('base64url');
}
