/**
 * A backup is a folder, the same for every engine, so what was taken from one may be restored into another:
 *
 *   manifest.json            times, counts and hashes; written last, so a folder without it is no backup
 *   tables/<name>.ndjson     one line a row: {"row": …, "expiresAtMs": …}
 *   blobs.ndjson             one line a blob: key, bytes, content type, state, hash
 *   blobs/<2 hex>/<key>      its bytes; `/` of the key is written `!`
 *   secret                   the root of all signing keys, if it was kept in the data folder
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StartRefusal } from '../../errors.ts';
import { syncDirectory } from '../../storage/durable-files.ts';

const FORMAT = 1;

const lineFile = z.object({ lines: z.number(), bytes: z.number(), sha256: z.string() });

const manifestShape = z.object({
  format: z.literal(FORMAT),
  schemaVersion: z.number(),
  /** Whatever was acknowledged before it is in the backup. */
  beganAtMs: z.number(),
  endedAtMs: z.number(),
  /** Whether all rows are of one moment; else some that belong together may be of different ones. */
  isOneMoment: z.boolean(),
  tables: z.record(z.string(), lineFile),
  blobs: lineFile,
  /** Blobs that rows name and that are nowhere: such a row was damaged before. */
  blobsGone: z.number(),
  secretSha256: z.string().nullable(),
});

export type Manifest = z.infer<typeof manifestShape>;

export const blobEntry = z.object({
  key: z.string(),
  bytes: z.number(),
  contentType: z.string(),
  state: z.enum(['temporary', 'permanent']),
  sha256: z.string(),
});

export type BlobEntry = z.infer<typeof blobEntry>;

export class BackupFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  tableFile(name: string): string {
    return join(this.path, 'tables', `${name}.ndjson`);
  }

  get blobIndex(): string {
    return join(this.path, 'blobs.ndjson');
  }

  get secretFile(): string {
    return join(this.path, 'secret');
  }

  blobFolder(key: string): string {
    return join(this.path, 'blobs', createHash('sha256').update(key).digest('hex').slice(0, 2));
  }

  blobFile(key: string): string {
    return join(this.blobFolder(key), key.replaceAll('/', '!'));
  }

  async writeManifest(facts: Omit<Manifest, 'format'>): Promise<Manifest> {
    const manifest: Manifest = { format: FORMAT, ...facts };
    await writeFile(this.manifestFile, `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx', flush: true });
    await syncDirectory(this.path);
    return manifest;
  }

  async readManifest(): Promise<Manifest> {
    const text = await readFile(this.manifestFile, 'utf8').catch(() => null);
    if (text === null) throw new StartRefusal(`${this.path} holds no finished backup: there is no manifest.json.`);
    const parsed = manifestShape.safeParse(JSON.parse(text));
    if (!parsed.success) throw new StartRefusal(`${this.manifestFile} is not a manifest that this release knows.`);
    return parsed.data;
  }

  readSecret(): Promise<string> {
    return readFile(this.secretFile, 'utf8');
  }

  private get manifestFile(): string {
    return join(this.path, 'manifest.json');
  }
}
