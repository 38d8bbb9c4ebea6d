/**
 * Peer of the media scenario: what one writes first. Four independent sharp pipelines a photo, one for each size, each
 * cloned for its two formats as sharp's manual shows; the same sizes, formats and encoder settings as the product, to files.
 */
import { join } from 'node:path';
import sharp from 'sharp';
import { serveCalls } from '../harness/calls.ts';

export type NaiveMediaCalls = {
  render: { input: { photoPath: string; folder: string; count: number; concurrency: number }; output: null };
};

const SIZES = [1080, 640, 320, 150] as const;

async function pipeline(photoPath: string, size: number, target: string): Promise<void> {
  const box = { width: size, height: size * 8, fit: 'inside', withoutEnlargement: true } as const;
  const resized = sharp(photoPath).rotate().resize(box);
  await Promise.all([
    resized.clone().jpeg({ quality: 80 }).toFile(`${target}.jpg`),
    resized.clone().webp({ quality: 78, effort: 2 }).toFile(`${target}.webp`),
  ]);
}

serveCalls<NaiveMediaCalls>({
  async render({ photoPath, folder, count, concurrency }) {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let photo = next++; photo < count; photo = next++) {
        await Promise.all(SIZES.map((size) => pipeline(photoPath, size, join(folder, `${photo}-${size}`))));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    return null;
  },
});
