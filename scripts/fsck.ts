/** `npm run fsck -- --dry-run | --repair`. Ends with 0 when all is well (or was made so), 1 when something is wrong, 2 when it could not run. */
import { runCommand, UsageError } from '../src/compose/commands.ts';
import { checkInstallation } from '../src/compose/maintenance.ts';
import { fsckLines, leftWrong } from '../src/maintenance/fsck/fsck.ts';

runCommand(async (basics, words) => {
  const [mode, ...more] = words;
  if ((mode !== '--dry-run' && mode !== '--repair') || more.length > 0) {
    throw new UsageError('Usage: npm run fsck -- --dry-run | --repair');
  }
  const repair = mode === '--repair';
  const report = await checkInstallation(basics, { repair });
  for (const line of fsckLines(report, repair)) console.log(line);
  if (repair && report['outbox-overdue'].found > 0) console.log('Overdue work is done by the next server that runs.');
  return leftWrong(report) === 0 ? 0 : 1;
});
