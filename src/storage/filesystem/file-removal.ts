/**
 * Removing files for good: of several that lie in one folder, the names are taken away side by side, and the folder is then
 * synced once. Callbacks, because most of what a promise costs here is an error with a long stack for a file that is not there.
 */
import { unlink } from 'node:fs';
import { dirname } from 'node:path';
import { limits } from '../../limits.ts';
import { inParallel } from '../../parallel.ts';
import { syncDirectory } from '../durable-files.ts';

/**
 * Resolves when none of the files is there, durably: folders are synced also where nothing was found, because whoever
 * removed it may have died before the sync. If one cannot be removed, the others are, and then this rejects.
 */
export async function removeFiles(paths: readonly string[]): Promise<void> {
  const failures = await inParallel(paths, limits.filesRemovedConcurrent, removeName);
  const folders = [...new Set(paths.map((path) => dirname(path)))];
  await inParallel(folders, limits.filesRemovedConcurrent, syncIfThere);
  const failure = failures.find((each) => each !== null);
  if (failure !== undefined) throw failure;
}

/** Resolves to what went wrong; null if the file is gone, or was not there. */
function removeName(path: string): Promise<Error | null> {
  return new Promise((resolve) => {
    unlink(path, (error) => resolve(error === null || isMissing(error) ? null : error));
  });
}

async function syncIfThere(folder: string): Promise<void> {
  try {
    await syncDirectory(folder);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
