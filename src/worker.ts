/** `npm run worker`: renders photographs for the nodes. */
import { composeWorker } from './compose/worker.ts';
import { readConfig } from './config.ts';
import { runProgram } from './program.ts';

await runProgram(async () => {
  const worker = await composeWorker(readConfig(process.env));
  const announcement = `A worker of Shutterline is ready; health at ${worker.url}/health/ready`;
  return { announcement, leave: () => worker.close() };
}, 'The worker did not start.');
