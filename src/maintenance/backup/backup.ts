/**
 * Copies an installation into a backup folder while it is being used. The rows come from one moment where the engine can
 * give such a view, else from one after the other in an order that lets a restore make them fit; and the blobs are those
 * that these rows name.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../clock.ts';
import { invariant, StartRefusal } from '../../errors.ts';
import type { MediaId } from '../../ids.ts';
import { originalKey } from '../../media/media-keys.ts';
import { limits } from '../../limits.ts';
import { inParallel } from '../../parallel.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import { makeDirectory, syncDirectory } from '../../storage/durable-files.ts';
import type { MediaRow } from '../../storage/repositories/posts.ts';
import { SCHEMA_VERSION, TABLES } from '../../storage/schema.ts';
import type { Store, StoredRow } from '../../storage/store.ts';
import type { Table } from '../../storage/table.ts';
import { claims, credentials, sessions, sessionsByUser, users } from '../../storage/tables/accounts.ts';
import { activities, outbox, sweepMarks } from '../../storage/tables/operations.ts';
import { media, posts } from '../../storage/tables/posts.ts';
import { inPages } from '../pages.ts';
import { BackupFolder, type BlobEntry, type Manifest } from './backup-folder.ts';
import { hashOfFile, LineFile, type LineFileFacts } from './line-file.ts';

export interface BackupSource {
  readonly store: Store;
  readonly blobs: BlobStore;
  /** A medium's row as it is by now, also when `store` is a view of an earlier moment. */
  readonly mediumNow: (mediaId: MediaId) => Promise<MediaRow | null>;
  /** Whether `store` is a view of one moment. */
  readonly isOneMoment: boolean;
  /** From before `store` was opened or looked at. */
  readonly beganAtMs: number;
  /** Kept in the data folder; null: it is configured, and not part of the backup. */
  readonly secret: string | null;
}

/**
 * What is read before what follows from it, so that nothing that was read points at something that was read too early: a
 * session before its user, a user before the name they claim, a post before its photographs.
 */
const READ_FIRST: readonly Table[] = [
  sweepMarks,
  outbox,
  sessions,
  sessionsByUser,
  users,
  credentials,
  claims,
  posts,
  media,
];
/** Tells of everything that the other tables may show in part: see recent-work.ts. */
const READ_LAST: readonly Table[] = [activities];

function inOrder(): readonly Table[] {
  const between = TABLES.filter((table) => !READ_FIRST.includes(table) && !READ_LAST.includes(table));
  return [...READ_FIRST, ...between, ...READ_LAST];
}

export async function backup(source: BackupSource, folder: BackupFolder, clock: Clock): Promise<Manifest> {
  const { isOneMoment, beganAtMs, secret } = source;
  await makeDirectory(dirname(folder.tableFile('any')));
  const tables: Record<string, LineFileFacts> = {};
  let photographs: CopiedPhotographs | null = null;
  for (const table of inOrder()) {
    if (table === media) photographs = await copyMedia(source, folder, clock);
    else tables[table.name] = await copyTable(source, folder, table);
  }
  invariant(photographs !== null, 'photographs are among the tables');
  const { mediaFile, ...blobs } = photographs;
  tables[media.name] = mediaFile;
  await syncDirectory(dirname(folder.tableFile('any')));
  if (secret !== null) await writeFile(folder.secretFile, secret, { flag: 'wx', mode: 0o600, flush: true });
  return folder.writeManifest({
    schemaVersion: SCHEMA_VERSION,
    beganAtMs,
    endedAtMs: clock.now(),
    isOneMoment,
    tables,
    ...blobs,
    secretSha256: secret === null ? null : await hashOfFile(folder.secretFile),
  });
}

async function copyTable(
  { store, isOneMoment }: BackupSource,
  folder: BackupFolder,
  table: Table,
): Promise<LineFileFacts> {
  const file = await LineFile.create(folder.tableFile(table.name));
  for await (const stored of store.scanWithExpiry(table)) await file.add(stored);
  // Work that was divided meanwhile may have left where it was not read yet for where it was: then its parts are seen now.
  if (table === outbox && !isOneMoment) for await (const stored of store.scanWithExpiry(table)) await file.add(stored);
  return file.finish();
}

/** Makes the folder, or takes an empty one. */
export async function prepareBackupFolder(path: string): Promise<BackupFolder> {
  await mkdir(path, { recursive: true });
  if ((await readdir(path)).length > 0)
    throw new StartRefusal(`${path} is not empty. A backup needs a folder of its own.`);
  return new BackupFolder(path);
}

interface CopiedPhotographs {
  readonly mediaFile: LineFileFacts;
  readonly blobs: LineFileFacts;
  readonly blobsGone: number;
}

/** The rows of media, each as it was when all blobs that it needs were copied; and these blobs. */
async function copyMedia(source: BackupSource, folder: BackupFolder, clock: Clock): Promise<CopiedPhotographs> {
  const rows = await LineFile.create(folder.tableFile(media.name));
  const index = await LineFile.create(folder.blobIndex);
  let blobsGone = 0;
  for await (const page of inPages(source.store.scanWithExpiry(media), limits.movedBlobsPage)) {
    const copied = await inParallel(page, limits.movedBlobsConcurrent, (each) => copyMedium(source, folder, each));
    for (const { row, expiresAtMs, entries, gone } of copied) {
      // It was deleted meanwhile, so its row ends like those of deleted ones.
      const endsAtMs = row.state === 'gone' ? (expiresAtMs ?? clock.now() + limits.tombstoneRetentionMs) : expiresAtMs;
      await rows.add({ row, expiresAtMs: endsAtMs } satisfies StoredRow<MediaRow>);
      for (const entry of entries) await index.add(entry);
      blobsGone += gone;
    }
  }
  return { mediaFile: await rows.finish(), blobs: await index.finish(), blobsGone };
}

interface CopiedMedium extends StoredRow<MediaRow> {
  readonly entries: readonly BlobEntry[];
  /** Blobs that the row names and that are nowhere. */
  readonly gone: number;
}

/**
 * A photograph that was being worked on leaves its original behind for renditions, and a deleted one leaves nothing. The
 * row has changed as well then, and the newer row is as good: work that is repeated on it finds it done.
 */
async function copyMedium(
  { blobs, mediumNow }: BackupSource,
  folder: BackupFolder,
  { row: first, expiresAtMs }: StoredRow<MediaRow>,
): Promise<CopiedMedium> {
  const entries = new Map<string, BlobEntry>();
  let row = first;
  for (;;) {
    let gone = 0;
    for (const { key, isNeeded } of blobsOf(row)) {
      const entry = entries.get(key) ?? (await copyOut(blobs, folder, key));
      if (entry !== null) entries.set(key, entry);
      else if (isNeeded) gone++;
    }
    const now = gone === 0 ? null : await mediumNow(row.mediaId);
    if (now === null || now.revision <= row.revision) return { row, expiresAtMs, entries: [...entries.values()], gone };
    row = now;
  }
}

/** What a row names, and the original as long as it may still be needed. */
function blobsOf(row: MediaRow): { key: string; isNeeded: boolean }[] {
  if (row.state === 'gone') return [];
  const named = row.renditions.map(({ blobKey }) => ({ key: blobKey, isNeeded: true }));
  if (row.state === 'ready') return named;
  const isNeeded = row.state === 'uploaded' || row.state === 'viewable';
  return [...named, { key: originalKey(row.blobPrefix), isNeeded }];
}

/** Null if it is not there (any more). */
async function copyOut(blobs: BlobStore, folder: BackupFolder, key: string): Promise<BlobEntry | null> {
  const found = await blobs.read(key);
  if (found === null) return null;
  const { bytes, contentType, state } = found.info;
  const hash = createHash('sha256');
  const path = folder.blobFile(key);
  await makeDirectory(dirname(path));
  // Two rows never name one blob, but a run that is broken off may have left a part.
  await rm(path, { force: true });
  const file = await open(path, 'wx');
  try {
    for await (const chunk of found.body) {
      hash.update(chunk as Buffer);
      await file.appendFile(chunk as Buffer);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(dirname(path));
  return { key, bytes, contentType, state, sha256: hash.digest('hex') };
}
