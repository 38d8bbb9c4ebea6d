/**
 * The product as `npm start` runs it, with ears for the bench: where it listens, and what its heap holds. The same
 * configuration from the same environment, the same composition. With BENCH_PROFILE it writes a CPU profile of its main
 * thread into that folder when asked.
 */
import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import { serveCalls } from '../harness/calls.ts';
import { collectGarbage, type ServerCalls } from '../peers/server-calls.ts';

export type ProductCalls = ServerCalls & {
  /** Ends the profile, if one was asked for. */
  saveProfile: { input: null; output: null };
};

const folder = process.env['BENCH_PROFILE'];
const session = new Session();

async function startProfile(): Promise<void> {
  if (folder === undefined) return;
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
}

async function saveProfile(): Promise<null> {
  if (folder === undefined) return null;
  const { profile } = await session.post('Profiler.stop');
  await writeFile(join(folder, `product-${process.pid}.cpuprofile`), JSON.stringify(profile));
  return null;
}

const application = compose(readConfig(process.env));

serveCalls<ProductCalls>({
  async listen() {
    const { url } = await application;
    await startProfile();
    return { port: Number(new URL(url).port) };
  },
  heap: collectGarbage,
  saveProfile,
});
