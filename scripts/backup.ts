/** `npm run backup -- --to FOLDER`: beside running servers. Ends with 0, or 2 when there is no backup. */
import { backupInstallation } from '../src/compose/backups.ts';
import { runCommand, UsageError } from '../src/compose/commands.ts';

runCommand(async (basics, words) => {
  const [option, to, ...more] = words;
  if (option !== '--to' || to === undefined || more.length > 0) {
    throw new UsageError('Usage: npm run backup -- --to FOLDER');
  }
  const manifest = await backupInstallation(basics, to);
  const rows = Object.values(manifest.tables).reduce((sum, { lines }) => sum + lines, 0);
  console.log(`${rows} rows and ${manifest.blobs.lines} photographs and renditions are in ${to}.`);
  console.log(`It holds whatever was acknowledged before ${new Date(manifest.beganAtMs).toISOString()}.`);
  if (!manifest.isOneMoment) console.log('The rows are not of one moment; restore makes them fit.');
  if (manifest.blobsGone > 0) console.log(`${manifest.blobsGone} blobs that rows name are missing: run fsck.`);
  console.log(
    manifest.secretSha256 === null
      ? 'SECRET is configured and not in the backup: keep it elsewhere.'
      : 'It holds the secret that signs everybody in: keep it as safe as the data folder.',
  );
  return 0;
});
