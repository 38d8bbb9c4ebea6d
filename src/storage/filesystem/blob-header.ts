/**
 * What stands before a blob's content in its file. All numbers little-endian.
 *
 *   0         8        9                16              24          32            33                160
 *   | SLBLOB1\n | state | zero          | written at ms | bytes     | type length | content type … 0 | content …
 *
 * `state` is `t` or `p`: promotion changes that one byte, which no crash can leave half written.
 */
import type { BlobInfo } from '../blob-store.ts';

export const HEADER_BYTES = 160;
const MAGIC = 'SLBLOB1\n';
export const STATE_OFFSET = 8;
const WRITTEN_OFFSET = 16;
const BYTES_OFFSET = 24;
const TYPE_LENGTH_OFFSET = 32;
const TYPE_OFFSET = 33;
export const PERMANENT = Buffer.from('p');

export function encodeHeader(info: BlobInfo): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.write(info.state === 'temporary' ? 't' : 'p', STATE_OFFSET, 'latin1');
  header.writeDoubleLE(info.writtenAtMs, WRITTEN_OFFSET);
  header.writeDoubleLE(info.bytes, BYTES_OFFSET);
  header.writeUInt8(info.contentType.length, TYPE_LENGTH_OFFSET);
  header.write(info.contentType, TYPE_OFFSET, 'latin1');
  return header;
}

/** Null when the file is not a blob of ours. */
export function decodeHeader(key: string, header: Buffer): BlobInfo | null {
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC) return null;
  const typeEnd = TYPE_OFFSET + header.readUInt8(TYPE_LENGTH_OFFSET);
  return {
    key,
    bytes: header.readDoubleLE(BYTES_OFFSET),
    contentType: header.toString('latin1', TYPE_OFFSET, typeEnd),
    state: header.toString('latin1', STATE_OFFSET, STATE_OFFSET + 1) === 'p' ? 'permanent' : 'temporary',
    writtenAtMs: header.readDoubleLE(WRITTEN_OFFSET),
  };
}
