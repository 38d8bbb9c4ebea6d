/** `npm run restore -- --from FOLDER`, into an empty place. Ends with 0, 1 when something stayed wrong, 2 when nothing was restored. */
import { restoreInstallation } from '../src/compose/backups.ts';
import { runCommand, UsageError } from '../src/compose/commands.ts';
import { fsckLines, leftWrong } from '../src/maintenance/fsck/fsck.ts';

runCommand(async (basics, words) => {
  const [option, from, ...more] = words;
  if (option !== '--from' || from === undefined || more.length > 0) {
    throw new UsageError('Usage: npm run restore -- --from FOLDER');
  }
  const { manifest, rows, expired, blobs, redone, mended, secret } = await restoreInstallation(basics, from);
  console.log(`${rows} rows and ${blobs} blobs were restored and read back; ${expired} rows had ended since.`);
  if (redone > 0) console.log(`The next server does ${redone} pieces of work again that were under way.`);
  for (const line of fsckLines(mended, true)) console.log(line);
  console.log(secret);
  console.log(`Missing may be: whatever was acknowledged after ${new Date(manifest.beganAtMs).toISOString()}.`);
  return leftWrong(mended) === 0 ? 0 : 1;
});
