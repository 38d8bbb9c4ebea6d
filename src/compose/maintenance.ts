/** Opens an installation for the operator's commands: its tables and its photographs, without starting a node. */
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { StartRefusal } from '../errors.ts';
import { fsck, type FsckReport } from '../maintenance/fsck/fsck.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import { holdsDatabase } from '../storage/embedded/snapshot.ts';
import { FilesystemBlobStore } from '../storage/filesystem/filesystem-blob-store.ts';
import type { Store } from '../storage/store.ts';
import { openBlobs } from './blobs.ts';
import { openStore, type StoreBasics } from './stores.ts';

export interface Installation {
  readonly store: Store;
  readonly blobs: BlobStore;
  /** Whether other processes may have it open as well: an embedded one is locked by whoever opens it. */
  readonly shared: boolean;
  close(): Promise<void>;
}

/** Refuses an embedded installation that is in use, or that is not there when it must be. */
export async function openInstallation(
  basics: StoreBasics,
  { mayBeNew }: { readonly mayBeNew: boolean },
): Promise<Installation> {
  const { config } = basics;
  if (!mayBeNew) await requireDatabase(config);
  const { store } = await openStore(basics);
  try {
    const shared = config.store !== 'embedded';
    const blobs = shared && !mayBeNew ? await openBlobsBeside(basics) : await openBlobs(basics);
    return {
      store,
      blobs,
      shared,
      async close() {
        await blobs.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** For reading what servers go on using. */
export async function openBlobsBeside(basics: StoreBasics): Promise<BlobStore> {
  const { config, clock, log } = basics;
  if (config.blobs === 's3') return openBlobs(basics);
  return FilesystemBlobStore.beside({ directory: join(config.dataDir, 'media'), clock, log });
}

export async function requireDatabase({ store, dataDir }: Config): Promise<void> {
  if (store !== 'embedded' || (await holdsDatabase(dataDir))) return;
  throw new StartRefusal(`There is no installation in ${dataDir}. Set DATA_DIR to the folder that holds one.`);
}

/** `npm run fsck`. */
export async function checkInstallation(basics: StoreBasics, { repair }: { repair: boolean }): Promise<FsckReport> {
  const installation = await openInstallation(basics, { mayBeNew: false });
  try {
    return await fsck({ ...basics, ...installation, inUse: installation.shared, repair });
  } finally {
    await installation.close();
  }
}
