/** Photographs for tests: real JPEGs, made on the spot. */
import sharp from 'sharp';

/** A small picture whose content depends on `seed`; a few hundred bytes. */
export function smallPhotograph(seed: number): Promise<Buffer> {
  return photographOfWidth(64, seed);
}

/** The same, of any width, in 4 : 3: a wide one has a rendition of every size. */
export function photographOfWidth(width: number, seed: number): Promise<Buffer> {
  const background = { r: (seed * 37) % 256, g: (seed * 91) % 256, b: (seed * 151) % 256 };
  return sharp({ create: { width, height: (width / 4) * 3, channels: 3, background } })
    .jpeg()
    .toBuffer();
}

/** Wide enough for a rendition of every size, and quickly made. */
export function widePhotograph(seed: number): Promise<Buffer> {
  const background = { r: (seed * 37) % 256, g: (seed * 91) % 256, b: (seed * 151) % 256 };
  return sharp({ create: { width: 1200, height: 900, channels: 3, background } })
    .jpeg()
    .toBuffer();
}

export interface Colour {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

/** 1600 × 1200 of about that colour, with so much grain that it is more than half a megabyte. */
export function grainyPhotograph({ r, g, b }: Colour): Promise<Buffer> {
  const [width, height] = [1600, 1200];
  const colour = [r, g, b];
  const pixels = Buffer.alloc(width * height * colour.length);
  let state = 1;
  for (let at = 0; at < pixels.length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    pixels[at] = (colour[at % colour.length] ?? 0) + ((state >>> 16) % 31) - 15;
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

/** 4000 × 3000 as the sensor saw it, held upright (orientation 6: shown 3000 × 4000), with a GPS position. */
export async function largePhotographWithPosition(): Promise<Buffer> {
  const sky = `<svg xmlns="http://www.w3.org/2000/svg" width="4000" height="3000">
    <defs><linearGradient id="sky" x1="0" x2="1"><stop offset="0" stop-color="#123a6b"/><stop offset="0.6" stop-color="#f0a35e"/>
    <stop offset="1" stop-color="#2b1b17"/></linearGradient></defs><rect width="4000" height="3000" fill="url(#sky)"/>
    <circle cx="2300" cy="1200" r="320" fill="#ffe9b0"/></svg>`;
  return sharp(Buffer.from(sky))
    .jpeg({ quality: 88 })
    .withExif({
      IFD0: { Make: 'TestCamera', Model: 'One' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '48/1 51/1 30/1', GPSLongitudeRef: 'E', GPSLongitude: '2/1 17/1 40/1' },
    })
    .withMetadata({ orientation: 6 })
    .toBuffer();
}
