/** Landscapes that look like somebody was there: each seed another place, light and season. Rendered as JPEG by sharp. */
import sharp from 'sharp';
import type { Canvas } from './drawing.ts';
import { dunes, fields, mountains } from './land.ts';
import { LIGHTS, type Scene } from './light.ts';
import { seeded } from './random.ts';
import { aurora, city, sea } from './water-and-night.ts';

export interface Picture {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly altText: string;
  readonly caption: string;
}

const SCENES: readonly [Scene, ...Scene[]] = [mountains, sea, fields, city, dunes, aurora];
const SHAPES: readonly [readonly [number, number], ...(readonly [number, number])[]] = [
  [1440, 1800],
  [1800, 1440],
  [1600, 1600],
  [1920, 1280],
];

/** The picture of a seed, ≤ 1 MB. */
export async function renderScene(seed: number): Promise<Picture> {
  const random = seeded(seed * 7919 + 17);
  const [width, height] = SHAPES[seed % SHAPES.length] ?? SHAPES[0];
  // One more step every twelve, so that somebody who takes every twelfth picture does not always take the same.
  const scene = SCENES[(seed + Math.floor(seed / 12)) % SCENES.length] ?? SCENES[0];
  const light = LIGHTS[(seed + Math.floor(seed / SCENES.length)) % LIGHTS.length] ?? LIGHTS[0];
  const canvas: Canvas = { width, height, random, definitions: [] };
  const { body, altText, caption } = scene(canvas, light);
  const vignette = `<radialGradient id="vignette" r="0.78"><stop offset="0.55" stop-color="#000" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity="0.42"/></radialGradient>`;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    `<defs>${canvas.definitions.join('')}${vignette}</defs>${body}<rect width="${width}" height="${height}" fill="url(#vignette)"/></svg>`;
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 14 };
  const grain = await sharp({ create: { width, height, channels: 3, background: '#808080', noise } })
    .png()
    .toBuffer();
  const rendered = await sharp(Buffer.from(svg), { unlimited: true })
    .composite([{ input: grain, blend: 'soft-light' }])
    .flatten({ background: '#000' })
    .jpeg({ quality: 86, mozjpeg: false })
    .toBuffer();
  return { bytes: new Uint8Array(rendered), contentType: 'image/jpeg', altText, caption };
}
