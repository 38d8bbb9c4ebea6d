/** `npm run fsck` with its wall clock ahead by `CLOCK_AHEAD_MS`: what was left behind a moment ago is long abandoned. */
import { systemClock } from '../../src/clock.ts';
import { runCommand } from '../../src/compose/commands.ts';
import { checkInstallation } from '../../src/compose/maintenance.ts';
import { fsckLines, leftWrong } from '../../src/maintenance/fsck/fsck.ts';

const aheadMs = Number(process.env['CLOCK_AHEAD_MS'] ?? 0);

runCommand(async (basics, words) => {
  const repair = words.includes('--repair');
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const report = await checkInstallation({ ...basics, clock }, { repair });
  for (const line of fsckLines(report, repair)) console.log(line);
  return leftWrong(report) === 0 ? 0 : 1;
});
