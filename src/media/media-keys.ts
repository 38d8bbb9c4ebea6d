/**
 * Keys of a medium's blobs. The id stands first, so that a blob found at rest leads to its row; 130 random bits follow, so
 * that nobody finds a photo by knowing its post. A prefix is made once and kept in the row: reruns write the same keys.
 *
 *   0hp1x4qv2c000/7k3q…26 characters…/original     as uploaded, with all its metadata: never served
 *   0hp1x4qv2c000/7k3q…26 characters…/1080.jpg     a rendition
 */
import type { Clock } from '../clock.ts';
import { type MediaId, parseId } from '../ids.ts';
import type { Rendition } from '../storage/tables/posts.ts';

/** Widths in pixels, widest first. */
export const RENDITION_SIZES = [1080, 640, 320, 150] as const;
export type RenditionSize = (typeof RENDITION_SIZES)[number];
export type RenditionFormat = Rendition['format'];

const EXTENSIONS: Readonly<Record<RenditionFormat, string>> = { jpeg: 'jpg', webp: 'webp' };
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const RANDOM_CHARACTERS = 26;
const KEY_PATTERN = /^([0-9a-z]{13})\/([0-9a-z]{26})\/([a-z0-9.]+)$/;
const RENDITION_NAMES = new Set(
  RENDITION_SIZES.flatMap((size) => Object.values(EXTENSIONS).map((extension) => `${size}.${extension}`)),
);

export function newBlobPrefix(mediaId: MediaId, clock: Pick<Clock, 'randomBytes'>): string {
  const random = Array.from(clock.randomBytes(RANDOM_CHARACTERS), (byte) => ALPHABET.charAt(byte & 31));
  return `${mediaId}/${random.join('')}`;
}

export function originalKey(blobPrefix: string): string {
  return `${blobPrefix}/original`;
}

export function renditionKey(blobPrefix: string, size: number, format: RenditionFormat): string {
  return `${blobPrefix}/${size}.${EXTENSIONS[format]}`;
}

/** Every key a medium may ever have used. */
export function keysOf(blobPrefix: string): string[] {
  return [originalKey(blobPrefix), ...[...RENDITION_NAMES].map((name) => `${blobPrefix}/${name}`)];
}

export interface MediaKey {
  readonly mediaId: MediaId;
  readonly blobPrefix: string;
  readonly part: 'original' | 'rendition';
}

/** What a key names, or null when no medium has such a key. Only `rendition` may be served. */
export function parseMediaKey(key: string): MediaKey | null {
  const [, id = '', random = '', name = ''] = KEY_PATTERN.exec(key) ?? [];
  const mediaId = parseId<MediaId>(id);
  if (mediaId === null) return null;
  const blobPrefix = `${id}/${random}`;
  if (name === 'original') return { mediaId, blobPrefix, part: 'original' };
  return RENDITION_NAMES.has(name) ? { mediaId, blobPrefix, part: 'rendition' } : null;
}
