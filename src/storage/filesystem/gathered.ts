/** Small pieces of a stream, gathered into fewer and larger writes. */
import { limits } from '../../limits.ts';

/**
 * The same bytes in the same order: lists of pieces, each list with a byte or more and closed by the piece that fills it. A
 * failing source fails here at once, and what was gathered by then is not handed on.
 */
export async function* gathered(source: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Uint8Array[]> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of source) {
    if (piece.byteLength === 0) continue;
    pieces.push(piece);
    bytes += piece.byteLength;
    if (bytes < limits.blobWriteBytes && pieces.length < limits.blobWriteChunks) continue;
    yield pieces;
    pieces = [];
    bytes = 0;
  }
  if (pieces.length > 0) yield pieces;
}
