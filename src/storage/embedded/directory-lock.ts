/**
 * One process per data folder. The lock is the operating system's, taken through SQLite on a file of its own: it ends with
 * the process however that dies, so there is nothing stale to judge and no process id to mistake for another one.
 * Beside it stands who holds it, for the message only.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartRefusal } from '../../errors.ts';
import { makeDirectory } from '../durable-files.ts';

const LOCK_FILE = 'lock';
/** Never the lock file itself: closing any descriptor of that one would drop the lock. */
const HOLDER_FILE = 'lock-holder';
const SQLITE_BUSY = 5;

export class DirectoryLock {
  private readonly database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.database = database;
  }

  /** Creates the folder if needed. Refuses when any process, this one included, holds it. */
  static async acquire(directory: string): Promise<DirectoryLock> {
    await makeDirectory(directory);
    const database = new DatabaseSync(join(directory, LOCK_FILE), { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      throw isBusy(error) ? await refusal(directory) : error;
    }
    try {
      await writeFile(join(directory, HOLDER_FILE), `${process.pid}\n`);
    } catch (error) {
      database.close();
      throw error;
    }
    return new DirectoryLock(database);
  }

  release(): void {
    this.database.close();
  }
}

async function refusal(directory: string): Promise<StartRefusal> {
  const holder = await readFile(join(directory, HOLDER_FILE), 'utf8').catch(() => '');
  const who = /^\d+\n$/.test(holder) ? `process ${holder.trim()}` : 'another process';
  return new StartRefusal(`The data folder ${directory} is in use by ${who}. Stop it, or choose another DATA_DIR.`);
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
