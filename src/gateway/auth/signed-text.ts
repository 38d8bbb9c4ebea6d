/**
 * Short texts that only this server can make: `<kid>.<fields joined by dots>.<mac>`, the mac being HMAC-SHA256 over all
 * that stands before it, in base64url. Making and checking one costs one HMAC. Fields must not contain a dot; all
 * characters are allowed in an HTTP token, so a text fits into a header such as `Sec-WebSocket-Protocol`.
 */
import { timingSafeEqual } from 'node:crypto';
import { invariant } from '../../errors.ts';
import { KeyedHash } from './keyed-hash.ts';
import type { KeyRing } from './secrets.ts';

const SEPARATOR = '.';
/** 43 characters of base64url are 32 bytes. */
const MAC_CHARACTERS = 43;
const TEXT_CHARACTERS_MAX = 512;

export class SignedTexts {
  private readonly newestKid: string;
  private readonly hashes: ReadonlyMap<string, KeyedHash>;
  private readonly expected = Buffer.alloc(MAC_CHARACTERS);
  /** Room for characters that are none of ours, of up to three bytes each: cut to length, they could look like ours. */
  private readonly written = Buffer.alloc(MAC_CHARACTERS * 3);
  private readonly given = this.written.subarray(0, MAC_CHARACTERS);

  constructor(keys: KeyRing) {
    this.newestKid = keys.newest.kid;
    this.hashes = new Map([...keys.byId].map(([kid, key]) => [kid, new KeyedHash(key, TEXT_CHARACTERS_MAX)]));
  }

  sign(payload: string): string {
    const signed = this.newestKid + SEPARATOR + payload;
    const keyed = this.hashes.get(this.newestKid);
    invariant(keyed !== undefined, 'the newest key verifies, too');
    return signed + SEPARATOR + keyed.of(signed);
  }

  /** The fields, or null when the text was not made with one of the keys. */
  open(text: string): string[] | null {
    if (text.length > TEXT_CHARACTERS_MAX) return null;
    const signedLength = text.length - MAC_CHARACTERS - SEPARATOR.length;
    const kidLength = text.indexOf(SEPARATOR);
    if (kidLength < 1 || kidLength >= signedLength || text[signedLength] !== SEPARATOR) return null;
    const keyed = this.hashes.get(text.slice(0, kidLength));
    if (keyed === undefined) return null;
    const signed = text.slice(0, signedLength);
    if (!this.isMac(keyed.of(signed), text.slice(signedLength + 1))) return null;
    return signed.slice(kidLength + 1).split(SEPARATOR);
  }

  /** Compared as text, not decoded: base64url has several spellings of the same bytes, and only ours is right. */
  private isMac(expected: string, given: string): boolean {
    this.expected.write(expected);
    return this.written.write(given) === MAC_CHARACTERS && timingSafeEqual(this.expected, this.given);
  }
}
