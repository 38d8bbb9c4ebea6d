/**
 * Where a blob's file lies: `shelves/<3 hex>/<key>`, with `!` for each `/` of the key. The shelf is the hash of the key up to
 * its last `/`, so that blobs that belong together lie in one folder, and removing them together takes one sync.
 *
 * Until then the shelf was the hash of the whole key, below `blobs/`: what still lies there is moved at the start.
 */
import { hash } from 'node:crypto';
import { mkdir, readdir, rename, rmdir } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { syncDirectory } from '../durable-files.ts';
import { isMissing } from './file-removal.ts';

const SHELF_CHARACTERS = 3;

/** What holds the shelves. */
export function shelvesIn(directory: string): string {
  return join(directory, 'shelves');
}

export function fileOf(shelves: string, key: string): string {
  return join(shelfOf(shelves, groupOf(key)), nameOfKey(key));
}

/** In the order of `keys`, which nearly always are of one group. */
export function filesOf(shelves: string, keys: readonly string[]): string[] {
  let group: string | null = null;
  let shelf = '';
  return keys.map((key) => {
    if (groupOf(key) !== group) {
      group = groupOf(key);
      shelf = shelfOf(shelves, group);
    }
    return shelf + sep + nameOfKey(key);
  });
}

function groupOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf('/')));
}

function shelfOf(shelves: string, group: string): string {
  return join(shelves, hash('sha256', group, 'hex').slice(0, SHELF_CHARACTERS));
}

function nameOfKey(key: string): string {
  return key.replaceAll('/', '!');
}

export function keyOfName(name: string): string {
  return name.replaceAll('!', '/');
}

function formerShelvesIn(directory: string): string {
  return join(directory, 'blobs');
}

/** Whether something may still lie where it lay before. */
export async function holdsFormerShelves(directory: string): Promise<boolean> {
  return (await namesIn(formerShelvesIn(directory))) !== null;
}

/** Resolves to how many files were moved. What a crash leaves of it, the next start moves. */
export async function moveFormerShelves(directory: string): Promise<number> {
  const former = formerShelvesIn(directory);
  const shelves = shelvesIn(directory);
  const touched = new Set<string>();
  let moved = 0;
  for (const shelf of (await namesIn(former)) ?? []) {
    for (const name of (await namesIn(join(former, shelf))) ?? []) {
      const file = fileOf(shelves, keyOfName(name));
      if (!touched.has(dirname(file))) await mkdir(dirname(file), { recursive: true });
      touched.add(dirname(file));
      await rename(join(former, shelf, name), file);
      moved++;
    }
  }
  for (const folder of [...touched, shelves]) await syncDirectory(folder);
  // Only now: their absence says that everything has been moved, and that durably.
  for (const shelf of (await namesIn(former)) ?? []) await rmdir(join(former, shelf));
  if (await holdsFormerShelves(directory)) await rmdir(former);
  return moved;
}

async function namesIn(folder: string): Promise<string[] | null> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
