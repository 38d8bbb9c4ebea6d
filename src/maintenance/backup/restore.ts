/**
 * Fills an empty installation from a backup. Nothing is written before every file of the backup was found to be what was
 * written then; and everything is read back from where it was written to.
 */
import { createReadStream } from 'node:fs';
import type { Clock } from '../../clock.ts';
import { StartRefusal } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { inParallel } from '../../parallel.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import { SCHEMA_VERSION, TABLES } from '../../storage/schema.ts';
import type { Store, StoredRow } from '../../storage/store.ts';
import type { RowOf, Table } from '../../storage/table.ts';
import { hashOfBlob, placeBlob } from '../blob-bytes.ts';
import { requireEmpty } from '../empty.ts';
import { inPages } from '../pages.ts';
import { differing, writeRows } from '../stored-rows.ts';
import { type BackupFolder, blobEntry, type BlobEntry, type Manifest } from './backup-folder.ts';
import { hashOfFile, readLines, requireUnchanged } from './line-file.ts';
import { redoRecentWork } from './recent-work.ts';

export interface RestoreTarget {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly clock: Clock;
}

export interface RestoreReport {
  readonly manifest: Manifest;
  readonly rows: number;
  /** Rows that ended between the backup and now. */
  readonly expired: number;
  readonly blobs: number;
  /** Entries of work that will be done once more, so that rows of different moments fit. */
  readonly redone: number;
}

export async function restore(folder: BackupFolder, target: RestoreTarget): Promise<RestoreReport> {
  const manifest = await folder.readManifest();
  if (manifest.schemaVersion > SCHEMA_VERSION) {
    throw new StartRefusal(`The backup was made by a newer release (schema ${manifest.schemaVersion}). Use that one.`);
  }
  await requireEmpty(target);
  await requireWhole(folder, manifest);
  let rows = 0;
  let expired = 0;
  // A table that is newer than the backup begins empty.
  for (const table of TABLES.filter(({ name }) => manifest.tables[name] !== undefined)) {
    const written = await restoreTable(folder, table, target);
    rows += written.rows;
    expired += written.expired;
  }
  const blobs = await restoreBlobs(folder, target.blobs);
  const redone = manifest.isOneMoment ? 0 : await redoRecentWork(target.store, manifest);
  return { manifest, rows, expired, blobs, redone };
}

async function requireWhole(folder: BackupFolder, manifest: Manifest): Promise<void> {
  const known = new Set(TABLES.map(({ name }) => name));
  for (const [name, facts] of Object.entries(manifest.tables)) {
    if (!known.has(name)) throw new StartRefusal(`The backup holds a table ${name}, which this release does not know.`);
    await requireUnchanged(folder.tableFile(name), facts);
  }
  await requireUnchanged(folder.blobIndex, manifest.blobs);
  for await (const page of inPages(blobEntries(folder), limits.movedBlobsPage)) {
    await inParallel(page, limits.movedBlobsConcurrent, async ({ key, sha256 }) => {
      const path = folder.blobFile(key);
      if ((await hashOfFile(path)) !== sha256) throw new StartRefusal(`${path} is damaged, missing or was changed.`);
    });
  }
  if (manifest.secretSha256 !== null && (await hashOfFile(folder.secretFile)) !== manifest.secretSha256) {
    throw new StartRefusal(`${folder.secretFile} is damaged, missing or was changed.`);
  }
}

async function restoreTable<T extends Table>(
  folder: BackupFolder,
  table: T,
  { store, clock }: RestoreTarget,
): Promise<{ rows: number; expired: number }> {
  let rows = 0;
  let expired = 0;
  const lines = readLines(folder.tableFile(table.name)) as AsyncIterable<StoredRow<RowOf<T>>>;
  for await (const page of inPages(lines, limits.movedRowsPage)) {
    const lasting = page.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > clock.now());
    expired += page.length - lasting.length;
    rows += lasting.length;
    await writeRows(store, table, lasting);
    const different = await differing(store, table, { rows: lasting, nowMs: clock.now() });
    if (different.length > 0)
      throw new StartRefusal(`${different.length} rows of ${table.name} were not kept as written.`);
  }
  return { rows, expired };
}

async function restoreBlobs(folder: BackupFolder, blobs: BlobStore): Promise<number> {
  let count = 0;
  for await (const page of inPages(blobEntries(folder), limits.movedBlobsPage)) {
    await inParallel(page, limits.movedBlobsConcurrent, async (entry) => {
      await placeBlob(blobs, entry, createReadStream(folder.blobFile(entry.key)));
      if ((await hashOfBlob(blobs, entry.key)) === entry.sha256) return;
      throw new StartRefusal(`Photograph ${entry.key} was not kept as written.`);
    });
    count += page.length;
  }
  return count;
}

async function* blobEntries(folder: BackupFolder): AsyncGenerator<BlobEntry> {
  for await (const line of readLines(folder.blobIndex)) yield blobEntry.parse(line);
}
