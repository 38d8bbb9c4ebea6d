/** `npm start`: everything in one process. Ends with 0 after SIGTERM or SIGINT, with 2 when the start is refused. */
import { compose } from './compose.ts';
import { ConfigurationError, readConfig } from './config.ts';
import { StartRefusal } from './errors.ts';

async function main(): Promise<void> {
  const application = await compose(readConfig(process.env));
  process.stdout.write(`Shutterline is ready at ${application.url}\n`);
  let leaving = false;
  const leave = (): void => {
    // A second signal is impatience: everything acknowledged is durable already.
    if (leaving) process.exit(1);
    leaving = true;
    application.drain().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
}

main().catch((error: unknown) => {
  const isRefusal = error instanceof ConfigurationError || error instanceof StartRefusal;
  const text = isRefusal ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`Shutterline did not start. ${text}\n`);
  process.exit(2);
});
