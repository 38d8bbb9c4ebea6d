/**
 * The life of a process: starts what it is given, says so on standard output, and ends with 0 after SIGTERM or SIGINT, with 1
 * when told a second time or when leaving fails, with 2 when the start is refused.
 */
import { ConfigurationError } from './config.ts';
import { StartRefusal } from './errors.ts';

export interface Running {
  /** The one line for humans. */
  readonly announcement: string;
  readonly leave: () => Promise<void>;
}

/** `refusal`: the sentence before the reason why it did not start. */
export async function runProgram(start: () => Promise<Running>, refusal: string): Promise<void> {
  try {
    const running = await start();
    process.stdout.write(`${running.announcement}\n`);
    let leaving = false;
    const leave = (): void => {
      // A second signal is impatience: everything acknowledged is durable, and work under way is run again.
      if (leaving) process.exit(1);
      leaving = true;
      running.leave().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    process.on('SIGTERM', leave);
    process.on('SIGINT', leave);
  } catch (error) {
    const isRefusal = error instanceof ConfigurationError || error instanceof StartRefusal;
    const text = isRefusal ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${refusal} ${text}\n`);
    process.exit(2);
  }
}
