/** Runs an operator's command as a process of its own. */
import { spawn } from 'node:child_process';
import { waitFor } from './wait-for.ts';

const KILL_TIMEOUT_MS = 120_000;

export interface ScriptRun {
  /** Null when it was killed. */
  readonly code: number | null;
  /** Everything it said, on both streams. */
  readonly output: string;
}

export interface ScriptOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Asked again and again with all that was said so far; true when it is time for `kill -9`. */
  readonly killWhen?: (output: string) => boolean | Promise<boolean>;
}

/** `path`: `scripts/fsck.ts` is what `npm run fsck` runs. */
export async function runScript(
  path: string,
  words: readonly string[],
  { environment = {}, killWhen }: ScriptOptions = {},
): Promise<ScriptRun> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...words], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const read = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  if (killWhen !== undefined) {
    await waitFor(
      'the time to kill it',
      async () => child.exitCode !== null || (await killWhen(output)),
      KILL_TIMEOUT_MS,
    );
    child.kill('SIGKILL');
  }
  return { code: await ended, output };
}
