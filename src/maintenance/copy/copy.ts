/**
 * Moves an installation that nobody uses meanwhile to other engines: every row with its revision and expiry, every blob.
 * Broken off, it goes on with the table it was at. Afterwards both places are read again and compared, row by row and byte
 * by byte. Memory is bounded by a page of rows.
 */
import type { Clock } from '../../clock.ts';
import { limits } from '../../limits.ts';
import { inParallel } from '../../parallel.ts';
import type { BlobStore, ListedBlob } from '../../storage/blob-store.ts';
import { TABLES } from '../../storage/schema.ts';
import type { Store } from '../../storage/store.ts';
import type { Table } from '../../storage/table.ts';
import { hashOfBlob, placeBlob } from '../blob-bytes.ts';
import { requireEmpty } from '../empty.ts';
import { inPages } from '../pages.ts';
import { differing, writeRows } from '../stored-rows.ts';
import { TableDigest } from '../table-digest.ts';
import type { CopyProgress } from './copy-progress.ts';

export interface Place {
  readonly store: Store;
  readonly blobs: BlobStore;
}

export interface CopyOptions {
  readonly from: Place;
  readonly to: Place;
  readonly progress: CopyProgress;
  readonly clock: Clock;
  /** Takes one line for the operator. */
  readonly say: (line: string) => void;
}

export interface CopyReport {
  readonly rows: number;
  readonly blobs: number;
  /** What differs between the two places; empty when the copy is good. */
  readonly differences: readonly string[];
}

export async function copyInstallation(options: CopyOptions): Promise<CopyReport> {
  const { progress, to, say } = options;
  if (!progress.isResumed) {
    await requireEmpty(to);
    await progress.begin();
  }
  for (const table of TABLES) {
    if (progress.isTableDone(table.name)) continue;
    const { rows, written } = await copyTable(options, table);
    await progress.tableDone(table.name);
    say(`${table.name}: ${written} of ${rows} rows written`);
  }
  if (!progress.areBlobsDone) {
    const { blobs, written } = await copyBlobs(options);
    await progress.blobsDone();
    say(`blobs: ${written} of ${blobs} written`);
  }
  const report = await verify(options);
  if (report.differences.length === 0) await progress.finish();
  return report;
}

async function copyTable<T extends Table>({ from, to, progress, clock }: CopyOptions, table: T) {
  let rows = 0;
  let written = 0;
  for await (const page of inPages(from.store.scanWithExpiry(table), limits.movedRowsPage)) {
    // A run that was broken off may have written this page: reading is cheaper than writing.
    const left = progress.isResumed ? await differing(to.store, table, { rows: page, nowMs: clock.now() }) : page;
    await writeRows(to.store, table, left);
    rows += page.length;
    written += left.length;
  }
  return { rows, written };
}

async function copyBlobs({ from, to }: CopyOptions) {
  let blobs = 0;
  let written = 0;
  for await (const page of inPages(from.blobs.list(), limits.movedBlobsPage)) {
    const copied = await inParallel(page, limits.movedBlobsConcurrent, (info) => copyBlob(from.blobs, to.blobs, info));
    blobs += page.length;
    written += copied.filter(Boolean).length;
  }
  return { blobs, written };
}

/** False if it was there already, or is gone. */
async function copyBlob(from: BlobStore, to: BlobStore, info: ListedBlob): Promise<boolean> {
  const there = await to.stat(info.key);
  if (there !== null && there.bytes === info.bytes && there.state === info.state) return false;
  const found = await from.read(info.key);
  if (found === null) return false;
  await placeBlob(to, found.info, found.body as AsyncIterable<Uint8Array>);
  return true;
}

async function verify(options: CopyOptions): Promise<CopyReport> {
  const differences: string[] = [];
  let rows = 0;
  for (const table of TABLES) {
    const compared = await compareTable(options, table);
    rows += compared.rows;
    if (compared.difference !== null) differences.push(`${table.name}: ${compared.difference}`);
  }
  const { blobs, different } = await compareBlobs(options);
  return { rows, blobs, differences: [...differences, ...different] };
}

async function compareTable<T extends Table>({ from, to, clock }: CopyOptions, table: T) {
  const beganAtMs = clock.now();
  const digest = new TableDigest(beganAtMs);
  let rows = 0;
  let wrong = 0;
  for await (const page of inPages(from.store.scanWithExpiry(table), limits.movedRowsPage)) {
    for (const stored of page) digest.add(stored);
    rows += page.length;
    wrong += (await differing(to.store, table, { rows: page, nowMs: clock.now() })).length;
  }
  if (wrong > 0) return { rows, difference: `${wrong} rows are missing or differ` };
  const isSame = (await TableDigest.of(to.store, table, beganAtMs)) === digest.text;
  return { rows, difference: isSame ? null : 'there are more rows, or they end at other times' };
}

async function compareBlobs({ from, to }: CopyOptions) {
  const different: string[] = [];
  let blobs = 0;
  for await (const page of inPages(from.blobs.list(), limits.movedBlobsPage)) {
    const same = await inParallel(page, limits.movedBlobsConcurrent, (info) => isSameBlob(from.blobs, to.blobs, info));
    blobs += page.length;
    for (const [index, { key }] of page.entries()) {
      if (same[index] === false && different.length < limits.fsckExamples) different.push(`blob ${key} differs`);
    }
  }
  return { blobs, different };
}

async function isSameBlob(from: BlobStore, to: BlobStore, info: ListedBlob): Promise<boolean> {
  const there = await to.stat(info.key);
  // Temporary blobs end by themselves, in either place.
  if (there === null) return info.state === 'temporary';
  if (there.state !== info.state || there.contentType !== (await from.stat(info.key))?.contentType) return false;
  const [left, right] = await Promise.all([hashOfBlob(from, info.key), hashOfBlob(to, info.key)]);
  return left === right;
}
