/** `npm run backup` and `npm run restore`: which view of an installation is backed up, and what a restored one still needs. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MediaId } from '../ids.ts';
import { BackupFolder, type Manifest } from '../maintenance/backup/backup-folder.ts';
import { backup, prepareBackupFolder } from '../maintenance/backup/backup.ts';
import { restore, type RestoreReport } from '../maintenance/backup/restore.ts';
import { fsck, type FsckReport } from '../maintenance/fsck/fsck.ts';
import { openReaderBeside } from '../storage/embedded/read-beside.ts';
import { snapshotDatabase } from '../storage/embedded/snapshot.ts';
import { media } from '../storage/tables/posts.ts';
import { carrySecret, readKeptSecret } from './kept-secret.ts';
import { openBlobsBeside, openInstallation, requireDatabase } from './maintenance.ts';
import { openStore, type StoreBasics } from './stores.ts';

/** Servers may go on: nothing of theirs is locked or changed. */
export async function backupInstallation(basics: StoreBasics, to: string): Promise<Manifest> {
  const { config, clock } = basics;
  await requireDatabase(config);
  const folder = await prepareBackupFolder(to);
  const isOneMoment = config.store === 'embedded';
  const snapshot = join(to, 'snapshot');
  const secret = await readKeptSecret(config);
  const beganAtMs = clock.now();
  if (isOneMoment) await snapshotDatabase({ directory: config.dataDir, to: snapshot });
  const view = isOneMoment ? { ...basics, config: { ...config, dataDir: snapshot } } : basics;
  const { store } = await openStore(view);
  const blobs = await openBlobsBeside(basics);
  const beside = isOneMoment ? openReaderBeside({ directory: config.dataDir, clock }) : null;
  const mediumNow = (mediaId: MediaId) => (beside ?? store).get(media, { mediaId });
  try {
    return await backup({ store, blobs, mediumNow, isOneMoment, beganAtMs, secret }, folder, clock);
  } finally {
    beside?.close();
    await blobs.close();
    await store.close();
    await rm(snapshot, { recursive: true, force: true });
  }
}

export interface Restored extends RestoreReport {
  /** What had to be mended, such as photographs that were removed while the backup was made. */
  readonly mended: FsckReport;
  readonly secret: string;
}

export async function restoreInstallation(basics: StoreBasics, from: string): Promise<Restored> {
  const folder = new BackupFolder(from);
  const manifest = await folder.readManifest();
  const installation = await openInstallation(basics, { mayBeNew: true });
  try {
    const kept = manifest.secretSha256 === null ? null : await folder.readSecret();
    const secret = await carrySecret(kept, basics.config);
    const report = await restore(folder, { ...installation, clock: basics.clock });
    const mended = await fsck({ ...basics, ...installation, inUse: false, repair: true });
    return { ...report, mended, secret };
  } finally {
    await installation.close();
  }
}
