/**
 * The root of all signing keys is either configured or kept in the data folder. Where an installation goes, it must go as
 * well: with another one everybody would be signed out.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { StartRefusal } from '../errors.ts';
import { makeDirectory, syncDirectory } from '../storage/durable-files.ts';

/** Null when it is configured, or none was ever made. */
export async function readKeptSecret({ secrets, dataDir }: Config): Promise<string | null> {
  if (secrets !== null) return null;
  return readFile(join(dataDir, 'secret'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return null;
  });
}

/** Says what was done, or what there is to do. Refuses when the target signs with another secret. */
export async function carrySecret(kept: string | null, target: Config): Promise<string> {
  if (kept === null) return 'The secret is configured: start with the same SECRET, or everybody is signed out.';
  if (target.secrets !== null) {
    if (target.secrets.includes(kept.trim())) return 'SECRET holds the secret of the data folder: sessions go on.';
    throw new StartRefusal('SECRET must hold the content of the file "secret" of the data folder, or be unset.');
  }
  const there = await readKeptSecret(target);
  if (there !== null && there.trim() !== kept.trim()) {
    throw new StartRefusal(`${join(target.dataDir, 'secret')} is another secret. Remove it, or choose another folder.`);
  }
  if (there === null) {
    await makeDirectory(target.dataDir);
    await writeFile(join(target.dataDir, 'secret'), kept, { flag: 'wx', mode: 0o600, flush: true });
    await syncDirectory(target.dataDir);
  }
  return `The secret was copied to ${join(target.dataDir, 'secret')}: sessions go on. Further nodes need it as SECRET.`;
}
