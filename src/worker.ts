/** `npm run worker`: renders photographs for the nodes. Ends with 0 after SIGTERM or SIGINT, with 2 when the start is refused. */
import { composeWorker } from './compose/worker.ts';
import { ConfigurationError, readConfig } from './config.ts';
import { StartRefusal } from './errors.ts';

async function main(): Promise<void> {
  const worker = await composeWorker(readConfig(process.env));
  process.stdout.write(`A worker of Shutterline is ready; health at ${worker.url}/health/ready\n`);
  let leaving = false;
  const leave = (): void => {
    // A second signal is impatience: what was under way is run again by others.
    if (leaving) process.exit(1);
    leaving = true;
    worker.close().then(
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
  process.stderr.write(`The worker did not start. ${text}\n`);
  process.exit(2);
});
