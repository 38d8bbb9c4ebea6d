/** Looks into a data folder that no server is using: what is left over, and what is missing. */
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { silentLogger } from '../../src/log.ts';
import { BlobReconciler } from '../../src/media/blob-reconciler.ts';
import { EmbeddedStore } from '../../src/storage/embedded/embedded-store.ts';
import { FilesystemBlobStore } from '../../src/storage/filesystem/filesystem-blob-store.ts';
import { SCHEMA_VERSION, TABLES } from '../../src/storage/schema.ts';
import { outbox, outboxParked } from '../../src/storage/tables/operations.ts';

export interface Inspection {
  readonly blobs: number;
  readonly orphanedBlobs: number;
  readonly danglingReferences: number;
  readonly outboxRows: number;
  readonly parkedRows: number;
}

async function count(rows: AsyncIterable<unknown>): Promise<number> {
  let found = 0;
  for await (const _ of rows) found++;
  return found;
}

export async function inspect(dataDir: string): Promise<Inspection> {
  const log = silentLogger;
  const clock = systemClock;
  const store = await EmbeddedStore.open({
    directory: dataDir,
    clock,
    log,
    tables: TABLES,
    schemaVersion: SCHEMA_VERSION,
  });
  const blobs = await FilesystemBlobStore.open({ directory: join(dataDir, 'media'), clock, log });
  const report = await new BlobReconciler({ store, blobs, clock, log }).reconcile({ dryRun: true, graceMs: 0 });
  const outboxRows = await count(store.scan(outbox));
  const parkedRows = await count(store.scan(outboxParked));
  await blobs.close();
  await store.close();
  return {
    blobs: report.blobs,
    orphanedBlobs: report.orphans,
    danglingReferences: report.dangling,
    outboxRows,
    parkedRows,
  };
}
