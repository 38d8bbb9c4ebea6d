/** `npm start`: everything in one process. */
import { compose } from './compose.ts';
import { readConfig } from './config.ts';
import { runProgram } from './program.ts';

await runProgram(async () => {
  const application = await compose(readConfig(process.env));
  return { announcement: `Shutterline is ready at ${application.url}`, leave: () => application.drain() };
}, 'Shutterline did not start.');
