/** Bytes of blobs on their way, and what tells that they arrived whole. */
import { createHash } from 'node:crypto';
import type { BlobInfo, BlobStore } from '../storage/blob-store.ts';

/** Hexadecimal SHA-256 of a blob's content; null if it is not there. */
export async function hashOfBlob(blobs: BlobStore, key: string): Promise<string | null> {
  const found = await blobs.read(key);
  if (found === null) return null;
  const hash = createHash('sha256');
  for await (const chunk of found.body) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

export async function placeBlob(
  blobs: BlobStore,
  info: Pick<BlobInfo, 'key' | 'bytes' | 'contentType' | 'state'>,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  await blobs.writeTemporary(info.key, content, { contentType: info.contentType, bytesMax: info.bytes });
  if (info.state === 'permanent') await blobs.promote(info.key);
}
