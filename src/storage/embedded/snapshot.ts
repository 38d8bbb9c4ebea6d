/**
 * A copy of the whole database as it stood at one moment, taken beside the process that serves it: one read transaction,
 * which neither waits for writers nor makes them wait. The copy is a data folder of its own.
 */
import { access, open } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, syncDirectory } from '../durable-files.ts';
import { DATABASE_FILE, openForReading } from './sqlite.ts';

/** `to` must not hold a database yet. Blocks this process's event loop while it copies: not for the one that serves. */
export async function snapshotDatabase({ directory, to }: { directory: string; to: string }): Promise<void> {
  await makeDirectory(to);
  const copy = join(to, DATABASE_FILE);
  const database = openForReading(join(directory, DATABASE_FILE));
  try {
    database.prepare('VACUUM INTO ?').run(copy);
  } finally {
    database.close();
  }
  const file = await open(copy, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(to);
}

/** Whether an embedded store was ever opened in this folder. */
export function holdsDatabase(directory: string): Promise<boolean> {
  return access(join(directory, DATABASE_FILE)).then(
    () => true,
    () => false,
  );
}
