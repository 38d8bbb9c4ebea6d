/**
 * The server's secrets. One root secret is configured (or made once and kept in a file); every purpose has a key of its
 * own, derived from it by HKDF-SHA256, so that nothing signed for one purpose is ever valid for another.
 *
 * Several root secrets may be in force while one is being replaced: the newest signs, all of them verify. Each has a
 * short public name (`kid`), itself derived, which travels in what was signed.
 */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { chmod, link, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { invariant } from '../../errors.ts';
import { makeDirectory, syncDirectory } from '../../storage/durable-files.ts';

export const SECRET_BYTES_MIN = 32;
const FILE_NAME = 'secret';
const KEY_BYTES = 32;
const KEY_ID_BYTES = 6;

export type SecretPurpose = 'access-token' | 'refresh-token' | 'ticket' | 'upload-url' | 'cursor';

export interface NamedKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** The keys of one purpose: `newest` signs, `byId` verifies. */
export interface KeyRing {
  readonly newest: NamedKey;
  readonly byId: ReadonlyMap<string, KeyObject>;
}

export class Secrets {
  private readonly roots: readonly [Buffer, ...Buffer[]];

  /** Newest first, each at least `SECRET_BYTES_MIN` bytes of UTF-8. */
  constructor(roots: readonly string[]) {
    const [newest, ...older] = roots.map((root) => Buffer.from(root, 'utf8'));
    invariant(newest !== undefined, 'no root secret');
    this.roots = [newest, ...older];
    for (const root of this.roots) invariant(root.length >= SECRET_BYTES_MIN, 'a root secret is too short');
  }

  keys(purpose: SecretPurpose): KeyRing {
    const [newest, ...older] = this.roots;
    const first = named(newest, purpose);
    const all = [first, ...older.map((root) => named(root, purpose))];
    return { newest: first, byId: new Map(all.map(({ kid, key }) => [kid, key])) };
  }
}

function named(root: Buffer, purpose: SecretPurpose): NamedKey {
  return {
    kid: derive(root, `${purpose} key id`, KEY_ID_BYTES).toString('hex'),
    key: createSecretKey(derive(root, purpose, KEY_BYTES)),
  };
}

function derive(root: Buffer, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', root, 'shutterline', purpose, bytes));
}

/**
 * The secret kept in `directory`, made on first use and readable by its owner only. Two processes that start at once get
 * the same one: it is written aside and linked into place, which only one of them can do.
 */
export async function keptSecret(directory: string, clock: Pick<Clock, 'randomBytes'>): Promise<string> {
  const path = join(directory, FILE_NAME);
  const kept = await readIfThere(path);
  if (kept !== null) return kept;
  await makeDirectory(directory);
  const draft = `${path}.${clock.randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(clock.randomBytes(48).toString('base64url'));
    await file.sync();
  } finally {
    await file.close();
  }
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(draft, { force: true });
  // A secret whose name is lost with the power would sign everyone out.
  await syncDirectory(directory);
  return (await readIfThere(path)) ?? keptSecret(directory, clock);
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    if (Buffer.byteLength(text) < SECRET_BYTES_MIN) {
      throw new Error(`${path} is damaged: restore it, or remove it, which signs everyone out`);
    }
    await chmod(path, 0o600);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
