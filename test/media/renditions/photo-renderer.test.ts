import test from 'ava';
import exifr from 'exifr';
import sharp, { type Sharp } from 'sharp';
import type { RenderedPhoto } from '../../../src/media/renditions/rendition-messages.ts';
import { renderPhoto, UnusablePhoto } from '../../../src/media/renditions/photo-renderer.ts';
import { largePhotographWithPosition } from '../../support/photographs.ts';

/** Of 255: what a kernel more or less may change, and far below what a blurred, shifted or mirrored picture would. */
const ERROR_MARGIN = 0.5;

async function all(photo: Buffer): Promise<RenderedPhoto[]> {
  const renditions: RenderedPhoto[] = [];
  for await (const rendition of renderPhoto(photo)) renditions.push(rendition);
  return renditions;
}

async function first(photo: Buffer): Promise<RenderedPhoto> {
  for await (const rendition of renderPhoto(photo)) return rendition;
  throw new Error('nothing was rendered');
}

/** Red, green, blue in the middle of each quarter: left upper, right upper, left lower, right lower. */
async function quarters(image: Buffer): Promise<number[][]> {
  const { data, info } = await sharp(image)
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): number[] => {
    const offset = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * info.channels;
    return [...data.subarray(offset, offset + 3)];
  };
  return [at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)];
}

const QUARTERS = `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="80"><rect width="60" height="40" fill="#c01010"/>
  <rect x="60" width="60" height="40" fill="#10a010"/><rect y="40" width="60" height="40" fill="#1010c0"/>
  <rect x="60" y="40" width="60" height="40" fill="#c0c010"/></svg>`;
const picture = () => sharp(Buffer.from(QUARTERS)).flatten();

function close(left: readonly number[][], right: readonly number[][], tolerance = 30): boolean {
  return left.every((pixel, index) =>
    pixel.every((value, channel) => Math.abs(value - (right[index]?.[channel] ?? -999)) <= tolerance),
  );
}

test('a 12-megapixel photo with position and turned sensor: every size in both formats, upright, free of metadata', async (t) => {
  const photo = await largePhotographWithPosition();
  t.truthy(await exifr.gps(photo), 'the original has a position');
  const renditions = await all(photo);
  t.deepEqual(
    renditions.map(({ size, format, width, height }) => [size, format, width, height]),
    [
      [1080, 'jpeg', 1080, 1440],
      [1080, 'webp', 1080, 1440],
      [640, 'jpeg', 640, 853],
      [640, 'webp', 640, 853],
      [320, 'jpeg', 320, 427],
      [320, 'webp', 320, 427],
      [150, 'jpeg', 150, 200],
      [150, 'webp', 150, 200],
    ],
  );
  for (const { bytes, format, width, height, facts } of renditions) {
    t.like(facts, { width: 3000, height: 4000 });
    const header = await sharp(bytes).metadata();
    t.like(header, { format, width, height, space: 'srgb', orientation: undefined });
    t.is(header.exif ?? header.icc ?? header.xmp ?? header.iptc, undefined);
    if (format === 'jpeg') t.is(await exifr.parse(bytes), undefined);
    t.false(bytes.includes('Exif'));
  }
  const upright = await sharp(photo).autoOrient().resize({ width: 1080 }).toBuffer();
  t.true(close(await quarters(renditions[0]?.bytes ?? photo), await quarters(upright)));
});

/** A picture with lines, text and grain: what resizing could blur or shift. */
async function detailed(width: number, height: number): Promise<Sharp> {
  const lines = Array.from(
    { length: 60 },
    (_, index) =>
      `<line x1="${index * 17}" y1="0" x2="${width - index * 11}" y2="${height}" stroke="hsl(${index * 6} 80% 50%)" stroke-width="${1 + (index % 5)}"/>`,
  );
  const drawn = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#d8c9a8"/>
    ${lines.join('')}<text x="40" y="${height / 2}" font-size="90" fill="#101820">Shutterline</text></svg>`;
  const noise = { type: 'gaussian', mean: 128, sigma: 12 } as const;
  const grain = sharp({ create: { width, height, channels: 3, background: '#808080', noise } });
  return sharp(Buffer.from(drawn)).composite([{ input: await grain.png().toBuffer(), blend: 'soft-light' }]);
}

/** Mean difference a channel, of 255, at every seventh one. */
async function meanError(left: Buffer, right: Buffer): Promise<number> {
  const [mine = left, other = right] = await Promise.all(
    [left, right].map((image) => sharp(image).removeAlpha().raw().toBuffer()),
  );
  if (mine.length !== other.length) return 255;
  let sum = 0;
  for (let at = 0; at < mine.length; at += 7) sum += Math.abs((mine[at] ?? 0) - (other[at] ?? 0));
  return sum / (mine.length / 7);
}

test('every size is as close to the original as one that was resized straight from it, upright or turned', async (t) => {
  const drawn = await (await detailed(1600, 1200)).png().toBuffer();
  const turned = await sharp(drawn).jpeg({ quality: 95 }).withMetadata({ orientation: 6 }).toBuffer();
  for (const photo of [drawn, turned]) {
    const upright = await sharp(photo).autoOrient().removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const raw = { width: upright.info.width, height: upright.info.height, channels: 3 } as const;
    for (const { bytes, size, format, width, height } of await all(photo)) {
      if (format !== 'jpeg') continue;
      const straight = sharp(upright.data, { raw }).resize(width, height, { fit: 'fill' });
      const lossless = await straight.clone().png({ compressionLevel: 0 }).toBuffer();
      const error = await meanError(bytes, lossless);
      const usual = await meanError(await straight.clone().jpeg({ quality: 80 }).toBuffer(), lossless);
      t.true(error < usual + ERROR_MARGIN, `${size}: ${error} against ${usual}`);
    }
  }
});

test('all eight orientations come out upright', async (t) => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    const photo = await picture().jpeg({ quality: 95 }).withMetadata({ orientation }).toBuffer();
    const { bytes, facts, width, height } = await first(photo);
    const { data, info } = await sharp(photo).autoOrient().toBuffer({ resolveWithObject: true });
    t.deepEqual([width, height, facts.width, facts.height], [info.width, info.height, info.width, info.height]);
    t.true(close(await quarters(bytes), await quarters(data)), `orientation ${orientation}`);
  }
});

test('every kind of input that is taken shows the same colours', async (t) => {
  const expected = await quarters(await picture().png().toBuffer());
  const inputs = {
    png: await picture().png().toBuffer(),
    palette: await picture().png({ palette: true }).toBuffer(),
    'sixteen bits': await picture().toColourspace('rgb16').png().toBuffer(),
    interlaced: await picture().png({ progressive: true }).toBuffer(),
    webp: await picture().webp({ quality: 95 }).toBuffer(),
    gif: await picture().gif().toBuffer(),
    avif: await picture().avif({ quality: 90 }).toBuffer(),
    progressive: await picture().jpeg({ progressive: true, quality: 95 }).toBuffer(),
    cmyk: await picture().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer(),
    'wide gamut': await picture().withIccProfile('p3').jpeg({ quality: 95 }).toBuffer(),
  };
  for (const [name, photo] of Object.entries(inputs)) {
    const { bytes, width, height } = await first(photo);
    t.deepEqual([width, height], [120, 80], name);
    const tolerance = name === 'cmyk' ? 70 : 30;
    t.true(close(await quarters(bytes), expected, tolerance), `${name}: ${JSON.stringify(await quarters(bytes))}`);
    t.is((await sharp(bytes).metadata()).channels, 3, name);
  }
});

test('grey stays grey; transparency is kept in WebP and white in JPEG', async (t) => {
  const grey = await first(await picture().greyscale().toColourspace('b-w').png().toBuffer());
  const [pixel = []] = await quarters(grey.bytes);
  t.true(Math.max(...pixel) - Math.min(...pixel) <= 4);
  const clear = { create: { width: 40, height: 40, channels: 4 as const, background: { r: 0, g: 0, b: 0, alpha: 0 } } };
  for (const photo of [await sharp(clear).png().toBuffer(), await sharp(clear).toColourspace('b-w').png().toBuffer()]) {
    const [jpeg, webp] = await all(photo);
    t.deepEqual(
      await quarters(jpeg?.bytes ?? photo),
      [1, 2, 3, 4].map(() => [255, 255, 255]),
    );
    t.true((await sharp(webp?.bytes).metadata()).hasAlpha);
    t.is(jpeg?.facts.dominantColor, '#ffffff');
  }
});

test('of an animation the first frame is shown', async (t) => {
  const frames = Buffer.concat([Buffer.alloc(64 * 64 * 3, 250), Buffer.alloc(64 * 64 * 3, 5)]);
  const raw = { width: 64, height: 128, channels: 3 as const, pageHeight: 64 };
  for (const photo of [await sharp(frames, { raw }).gif().toBuffer(), await sharp(frames, { raw }).webp().toBuffer()]) {
    t.is((await sharp(photo, { animated: true }).metadata()).pages, 2);
    const { bytes, width, height, facts } = await first(photo);
    t.deepEqual([width, height, facts.width, facts.height], [64, 64, 64, 64]);
    t.true(((await quarters(bytes))[0]?.[0] ?? 0) > 240);
  }
});

test('small and strange shapes are never enlarged, and stay within what the formats hold', async (t) => {
  const shapes = [
    [1, 1, [[1, 1]]],
    [
      400,
      10,
      [
        [400, 10],
        [320, 8],
        [150, 4],
      ],
    ],
    [
      3000,
      1,
      [
        [1080, 1],
        [640, 1],
        [320, 1],
        [150, 1],
      ],
    ],
    [20, 20_000, [[9, 8640]]],
  ] as const;
  for (const [width, height, expected] of shapes) {
    const photo = await sharp({ create: { width, height, channels: 3, background: '#336699' } })
      .png()
      .toBuffer();
    const renditions = await all(photo);
    const sizes = renditions.filter(({ format }) => format === 'jpeg').map((made) => [made.width, made.height]);
    t.deepEqual(
      sizes,
      expected.map((size) => [...size]),
      `${width}×${height}`,
    );
    t.is(renditions.length, 2 * expected.length);
    t.regex(renditions[0]?.facts.thumbHash ?? '', /^[A-Za-z0-9+/=]{4,64}$/);
    t.is(renditions[0]?.facts.dominantColor, '#336699');
  }
});

test('a damaged photo is refused as such before anything is delivered', async (t) => {
  const whole = await sharp({
    create: {
      width: 800,
      height: 600,
      channels: 3,
      background: '#777',
      noise: { type: 'gaussian', mean: 120, sigma: 40 },
    },
  })
    .jpeg()
    .toBuffer();
  for (const cut of [3, 20, 200, Math.floor(whole.length / 2), whole.length - 200]) {
    await t.throwsAsync(all(whole.subarray(0, cut)), { instanceOf: UnusablePhoto }, `first ${cut} bytes`);
  }
});
