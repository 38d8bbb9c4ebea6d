/**
 * Turns the bytes of a photo into its renditions. The only file that knows sharp, and only a child process runs it.
 *
 *   bytes ─ header checked ─► decoded once, at the scale of the widest rendition ─► upright ─► JPEG   (first: goes live)
 *                                                                                      ├─► WebP
 *                                                                                      └─► 640 ─► 320 ─► 150, each in both
 *
 * Pixels alone survive: colours converted to sRGB, no EXIF, no position, no profile, no second picture.
 */
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';
import { limits } from '../../limits.ts';
import type { RenditionSize } from '../media-keys.ts';
import { dominantColor } from './dominant-color.ts';
import type { PhotoFacts, RenderedPhoto } from './rendition-messages.ts';
import { boxOf, sizesBelow, uprighting } from './rendition-plan.ts';

/** The photo can never be shown. The message is safe to show. */
export class UnusablePhoto extends Error {
  override readonly name = 'UnusablePhoto';
}

interface Pixels {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
}

const FORMATS = new Set(['jpeg', 'png', 'webp', 'gif', 'heif']);
const LOADERS = [
  'VipsForeignLoadJpeg',
  'VipsForeignLoadPng',
  'VipsForeignLoadWebp',
  'VipsForeignLoadNsgif',
  'VipsForeignLoadHeif',
];
/** ThumbHash takes at most 100 × 100, keeps at most 7 waves a side of it, and costs by the pixel. */
const THUMB_SIDE = 64;
const JPEG = { quality: 80 } as const;
/** Effort 2 takes less than half the time of the default 4, for about the same size. */
const WEBP = { quality: 78, effort: 2 } as const;
/** For the last step of at most 2:1 after the decoder's own halving: a quarter faster than the default, and not visibly softer. */
const FIRST_KERNEL = 'linear';
const INPUT: SharpOptions = { limitInputPixels: limits.photoPixelsMax, failOn: 'error', sequentialRead: true };

/** Once per process: no caches, one thread, and no decoder that is not needed (SVG, PDF, TIFF…). */
export function confineDecoder(): void {
  sharp.cache(false);
  sharp.concurrency(1);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
}

/** The widest JPEG comes first. Throws `UnusablePhoto` before that one, or never. */
export async function* renderPhoto(bytes: Buffer): AsyncGenerator<RenderedPhoto> {
  const { pixels: widest, upright } = await decode(bytes);
  // At once, on two cores: the first JPEG is what somebody waits for.
  const [first, held] = await Promise.all([encode(widest, 'jpeg'), placeholder(widest)]);
  const facts: PhotoFacts = { ...upright, ...held };
  const make = async (size: RenditionSize, format: 'jpeg' | 'webp', pixels: Pixels): Promise<RenderedPhoto> => {
    const { width, height } = pixels;
    return { facts, size, format, width, height, bytes: await encode(pixels, format) };
  };
  yield { facts, size: 1080, format: 'jpeg', width: widest.width, height: widest.height, bytes: first };
  yield await make(1080, 'webp', widest);
  let pixels = widest;
  for (const size of sizesBelow(widest.width)) {
    // From the one above and not from the widest, which has up to fifty times as many pixels.
    pixels = await toPixels(fromPixels(pixels).resize({ ...boxOf(size), fit: 'inside', withoutEnlargement: true }));
    yield await make(size, 'jpeg', pixels);
    yield await make(size, 'webp', pixels);
  }
}

async function decode(bytes: Buffer): Promise<{ pixels: Pixels; upright: { width: number; height: number } }> {
  const header = await unusableUnless('The file is not an image that can be read.', () =>
    sharp(bytes, INPUT).metadata(),
  );
  if (!FORMATS.has(header.format)) throw new UnusablePhoto('The file is not an image of a kind that is taken here.');
  if (header.width * header.height > limits.photoPixelsMax) {
    throw new UnusablePhoto(`The image has more than ${limits.photoPixelsMax / 1e6} megapixels.`);
  }
  const { degrees, mirror } = uprighting(header.orientation ?? 1);
  const lying = degrees === 90 || degrees === 270;
  const box = boxOf(1080);
  // Turned after it was made small: turning needs all pixels in memory.
  const asStored = lying ? { width: box.height, height: box.width } : box;
  const pixels = await unusableUnless('The image is damaged or incomplete.', async () => {
    const small = await toPixels(
      sharp(bytes, INPUT).resize({ ...asStored, fit: 'inside', withoutEnlargement: true, kernel: FIRST_KERNEL }),
    );
    return degrees === 0 && !mirror ? small : toPixels(fromPixels(small).rotate(degrees).flop(mirror));
  });
  const [width, height] = lying ? [header.height, header.width] : [header.width, header.height];
  return { pixels, upright: { width, height } };
}

async function placeholder(pixels: Pixels): Promise<Pick<PhotoFacts, 'thumbHash' | 'dominantColor'>> {
  const small = await toPixels(
    fromPixels(pixels)
      .resize({ width: THUMB_SIDE, height: THUMB_SIDE, fit: 'inside', withoutEnlargement: true })
      .ensureAlpha(),
  );
  const hash = rgbaToThumbHash(small.width, small.height, small.data);
  return { thumbHash: Buffer.from(hash).toString('base64'), dominantColor: dominantColor(small.data) };
}

function encode(pixels: Pixels, format: 'jpeg' | 'webp'): Promise<Buffer> {
  const image = fromPixels(pixels);
  return format === 'webp'
    ? image.webp(WEBP).toBuffer()
    : image.flatten({ background: '#ffffff' }).jpeg(JPEG).toBuffer();
}

function fromPixels({ data, width, height, channels }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

async function toPixels(image: Sharp): Promise<Pixels> {
  const { data, info } = await image
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels as Pixels['channels'] };
}

async function unusableUnless<Result>(reason: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new UnusablePhoto(reason, { cause: error });
  }
}
