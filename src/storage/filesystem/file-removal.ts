/**
 * Removing files for good: the names of several are taken away side by side, and each folder is then synced once. Callbacks
 * for the names: a photo has nine, each a call of a few microseconds, and a promise around it costs as much again.
 */
import { unlink } from 'node:fs';
import { dirname } from 'node:path';
import { callbackify } from 'node:util';
import { limits } from '../../limits.ts';
import { syncDirectory } from '../durable-files.ts';

/** Told what went wrong; null if nothing did. */
type Done = (failure: Error | null) => void;

/**
 * Resolves when none of the files is there, durably: folders are synced also where nothing was found, because whoever
 * removed it may have died before the sync. If one cannot be removed, the others are, and then this rejects.
 */
export async function removeFiles(paths: readonly string[]): Promise<void> {
  const failed = await ofAll(paths, removeName);
  const folders = [...new Set(paths.map((path) => dirname(path)))];
  const unsynced = await ofAll(folders, syncFolder);
  const failure = failed ?? unsynced;
  if (failure !== null) throw failure;
}

/** Resolves to the first failure when all were tried, at most `filesRemovedConcurrent` at a time; null if there was none. */
function ofAll(paths: readonly string[], attempt: (path: string, done: Done) => void): Promise<Error | null> {
  return new Promise((resolve) => {
    let failure: Error | null = null;
    let begun = 0;
    let left = paths.length;
    const begin = (): void => {
      const path = paths[begun];
      if (path === undefined) return;
      begun++;
      attempt(path, settle);
    };
    const settle: Done = (error) => {
      failure ??= isMissing(error) ? null : error;
      if (--left === 0) resolve(failure);
      else begin();
    };
    if (left === 0) resolve(null);
    for (let place = 0; place < limits.filesRemovedConcurrent; place++) begin();
  });
}

function removeName(path: string, done: Done): void {
  unlink(path, done);
}

const syncFolder = callbackify(syncDirectory);

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
