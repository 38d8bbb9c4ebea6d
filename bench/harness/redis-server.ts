/** The Redis that joins the servers of a peer. Keeps nothing, and is gone with the bench. */
import { join } from 'node:path';
import type { RedisCalls, RunningRedis } from '../peers/redis-process.ts';
import { Program, type ProgramOptions } from './calls.ts';

const ENTRY = join(import.meta.dirname, '..', 'peers', 'redis-process.ts');

/** Said of a peer that was left out. */
export const WITHOUT_REDIS = 'not measured: redis-server is not installed';

export class RedisServer {
  private readonly program: Program<RedisCalls>;

  constructor(options: ProgramOptions = {}) {
    this.program = new Program<RedisCalls>(ENTRY, options);
  }

  /** Of the process Redis hangs on. */
  get holderPid(): number {
    return this.program.pid;
  }

  /** Resolves once it takes connections; null where it is not installed. */
  start(): Promise<RunningRedis | null> {
    return this.program.call('start', null);
  }

  async stop(): Promise<void> {
    await this.program.call('end', null).catch(() => null);
    await this.program.stop();
  }
}
