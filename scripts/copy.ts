/**
 * `npm run copy -- --from embedded:FOLDER --to configuration`, or the other way round. No server may use either place.
 * Ends with 0 when both places hold the same, 1 when they differ, 2 when it could not run; run again, it goes on.
 */
import { runCommand, UsageError } from '../src/compose/commands.ts';
import { copyBetween } from '../src/compose/copies.ts';

runCommand(async (basics, words) => {
  const [first, from, second, to, ...more] = words;
  if (first !== '--from' || from === undefined || second !== '--to' || to === undefined || more.length > 0) {
    throw new UsageError(
      'Usage: npm run copy -- --from embedded:FOLDER --to configuration (or the other way round)\n' +
        '"configuration" is what STORE and its variables say.',
    );
  }
  const report = await copyBetween({ ...basics, environment: process.env }, { from, to }, (line) => console.log(line));
  console.log(`${report.rows} rows and ${report.blobs} blobs were compared.`);
  for (const difference of report.differences) console.log(`DIFFERS ${difference}`);
  console.log(report.secret);
  return report.differences.length === 0 ? 0 : 1;
});
