/** File operations that are on the disk when they return. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes creations, renames and removals in a folder durable: syncing the file alone does not keep its name. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Creates the folder and its missing parents durably. */
export async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}
