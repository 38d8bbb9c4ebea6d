/** One process of the embedded job queue in a test: its time stands still until told, its file can fail, and it can be killed. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '../../../src/log.ts';
import { EmbeddedJobQueue } from '../../../src/media/embedded/embedded-job-queue.ts';
import { JobFile } from '../../../src/media/embedded/job-file.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

export interface JobProcess {
  readonly folder: TemporaryFolder;
  readonly path: string;
  readonly clock: ManualClock;
  readonly queue: EmbeddedJobQueue;
  /** Writes fail as long as it is set. */
  broken: boolean;
  /** The process that is started after this one was killed now: it finds what was written until then, and nothing later. */
  killed(): Promise<JobProcess>;
  dispose(): Promise<void>;
}

export async function startJobs(given?: {
  folder: TemporaryFolder;
  name: string;
  startMs: number;
}): Promise<JobProcess> {
  const folder = given?.folder ?? (await temporaryFolder());
  const name = given?.name ?? 'jobs.sqlite';
  const path = join(folder.path, name);
  const clock = new ManualClock(given === undefined ? {} : { startMs: given.startMs });
  let file: JobFile | null = null;
  const openFile = (at: string): JobFile => {
    file = JobFile.open(at);
    return failing(file, () => process.broken);
  };
  const queue = await EmbeddedJobQueue.open({ path, clock, log: silentLogger, attemptsMax: 3 }, (at) => openFile(at));
  const process: JobProcess = {
    folder,
    path,
    clock,
    queue,
    broken: false,
    async killed() {
      for (const part of ['', '-wal']) await copyFile(path + part, `${path}.later${part}`);
      file?.close();
      return startJobs({ folder, name: `${name}.later`, startMs: clock.now() });
    },
    async dispose() {
      process.broken = false;
      await queue.close();
      await folder.remove();
    },
  };
  return process;
}

function failing(file: JobFile, isBroken: () => boolean): JobFile {
  return new Proxy(file, {
    get(target, name: keyof JobFile) {
      if (name === 'write' && isBroken()) {
        return () => {
          throw new Error('database or disk is full');
        };
      }
      return target[name].bind(target);
    },
  });
}
