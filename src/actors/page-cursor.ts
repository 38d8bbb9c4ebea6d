/**
 * Opaque keyset cursors of lists: a kind, so that a cursor of one list is refused by another, and the place after which
 * the next page begins. They are not secret and grant nothing: whoever changes one gets another page of the same list.
 */
import { Problem } from '../errors.ts';

type Place = readonly (string | number)[];

/** `base64url("kind:[place]")`. */
export function encodeCursor(kind: string, place: Place): string {
  return Buffer.from(`${kind}:${JSON.stringify(place)}`).toString('base64url');
}

const CURSOR_CHARACTERS_MAX = 200;

/** The place in a cursor of that kind; null for the first page. Rejects `invalid-cursor` for anything else. */
export function decodeCursor(kind: string, cursor: string | null): Place | null {
  if (cursor === null) return null;
  if (cursor.length > CURSOR_CHARACTERS_MAX) throw new Problem('invalid-cursor');
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!text.startsWith(`${kind}:`)) throw new Problem('invalid-cursor');
  const place = parsePlace(text.slice(kind.length + 1));
  // Only the one spelling that we gave out is taken.
  if (place === null || encodeCursor(kind, place) !== cursor) throw new Problem('invalid-cursor');
  return place;
}

function parsePlace(text: string): Place | null {
  try {
    const place: unknown = JSON.parse(text);
    return isPlace(place) ? place : null;
  } catch {
    return null;
  }
}

function isPlace(value: unknown): value is Place {
  return Array.isArray(value) && value.every((part: unknown) => typeof part === 'string' || Number.isSafeInteger(part));
}
