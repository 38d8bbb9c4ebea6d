/** What kind of image bytes claim to be, by their first bytes alone. A guess that turns away the obvious, not a proof. */

export const SNIFFED_BYTES = 16;

const AVIF_BRANDS = new Set(['avif', 'avis']);

/** The content type, or null for what is not taken: HEIC among it, which the decoder is built without. */
export function sniffImage(head: Buffer): string | null {
  if (head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg';
  if (head.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))) return 'image/png';
  const text = head.toString('latin1');
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'image/webp';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'image/gif';
  if (text.slice(4, 8) === 'ftyp' && AVIF_BRANDS.has(text.slice(8, 12))) return 'image/avif';
  return null;
}
