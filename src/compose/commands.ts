/** What every operator's command does around its work: configuration, quiet logs, and an exit code that scripts can go by. */
import { systemClock } from '../clock.ts';
import { ConfigurationError, readConfig } from '../config.ts';
import { Problem, StartRefusal } from '../errors.ts';
import { createLogger } from '../log.ts';
import type { StoreBasics } from './stores.ts';

/** How the command is called; shown when it is called otherwise. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Runs `work` and ends the process: with the code it resolves to, or 2 when it could not run. */
export function runCommand(work: (basics: StoreBasics, words: readonly string[]) => Promise<number>): void {
  const begin = async (): Promise<number> => {
    const basics = { config: readConfig(process.env), clock: systemClock, log: createLogger('error') };
    return work(basics, process.argv.slice(2));
  };
  begin().then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`${messageOf(error)}\n`);
      process.exit(2);
    },
  );
}

function messageOf(error: unknown): string {
  const isExpected =
    error instanceof ConfigurationError || error instanceof StartRefusal || error instanceof UsageError;
  if (isExpected) return error.message;
  if (error instanceof Problem) return `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
