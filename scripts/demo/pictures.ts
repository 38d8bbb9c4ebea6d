/**
 * Where the demo's photographs come from: free ones that a package has put on this machine (desktop backgrounds), and
 * drawn landscapes for the rest. Endless, none twice until the packaged ones are used up.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { type Picture, renderScene } from './scenes.ts';

const FOLDERS = ['/usr/share/backgrounds', '/usr/share/wallpapers', '/usr/share/desktop-base'];
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
};
const BYTES_MAX = 8 * 1024 * 1024;
/** Smaller files are icons and previews. */
const BYTES_MIN = 120 * 1024;

const CAPTIONS = [
  'Could stay here all day.',
  'Found this one again while sorting.',
  'No filter, promise.',
  'Right place, right minute.',
  'For everyone who needed a window today.',
  'Shot from the bus stop.',
];

export class Pictures {
  private readonly files: string[];
  private count = 0;

  private constructor(files: string[]) {
    this.files = files;
  }

  static async open(): Promise<Pictures> {
    const found = await Promise.all(FOLDERS.map(photographsIn));
    return new Pictures(found.flat());
  }

  get packaged(): number {
    return this.files.length;
  }

  /** Packaged and drawn ones in turn, while there are packaged ones. */
  async next(): Promise<Picture> {
    const count = this.count++;
    const path = count % 2 === 0 ? this.files.shift() : undefined;
    if (path === undefined) return renderScene(count);
    const caption = CAPTIONS[count % CAPTIONS.length] ?? '';
    const bytes = new Uint8Array(await readFile(path));
    return {
      bytes,
      contentType: CONTENT_TYPES[extname(path).toLowerCase()] ?? 'image/jpeg',
      altText: nameOf(path),
      caption,
    };
  }
}

async function photographsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries
    .filter((entry) => entry.isFile() && extname(entry.name).toLowerCase() in CONTENT_TYPES)
    .map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return paths.filter((_path, index) => {
    const size = sizes[index] ?? 0;
    return size >= BYTES_MIN && size <= BYTES_MAX;
  });
}

function nameOf(path: string): string {
  return basename(path, extname(path))
    .replaceAll(/[-_]+/g, ' ')
    .replaceAll(/\b\d+x\d+\b/g, '')
    .trim();
}
