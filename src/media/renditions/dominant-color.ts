/** The colour that fills most of a picture, for the space it will take until it is loaded. Pure. */

const BITS = 4;

/**
 * `rgba`: 8 bits a channel, not premultiplied. The pixels are sorted into 16³ boxes; the answer, `#rrggbb`, is the mean of
 * the fullest box. Transparent pixels count by their opacity; a wholly transparent picture is white.
 */
export function dominantColor(rgba: Uint8Array): string {
  const weights = new Float64Array(1 << (3 * BITS));
  const boxOf = (at: number): number => {
    const channel = (offset: number): number => (rgba[at + offset] ?? 0) >> (8 - BITS);
    return (channel(0) << (2 * BITS)) | (channel(1) << BITS) | channel(2);
  };
  let fullest = 0;
  for (let at = 0; at + 3 < rgba.length; at += 4) {
    const box = boxOf(at);
    weights[box] = (weights[box] ?? 0) + (rgba[at + 3] ?? 0);
    if ((weights[box] ?? 0) > (weights[fullest] ?? 0)) fullest = box;
  }
  const total = weights[fullest] ?? 0;
  if (total === 0) return '#ffffff';
  const sums = [0, 0, 0];
  for (let at = 0; at + 3 < rgba.length; at += 4) {
    if (boxOf(at) !== fullest) continue;
    for (let offset = 0; offset < 3; offset++) {
      sums[offset] = (sums[offset] ?? 0) + (rgba[at + offset] ?? 0) * (rgba[at + 3] ?? 0);
    }
  }
  const hex = sums.map((sum) =>
    Math.round(sum / total)
      .toString(16)
      .padStart(2, '0'),
  );
  return `#${hex.join('')}`;
}
