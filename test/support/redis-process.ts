/** A Redis of a test's own, to be frozen, emptied and killed. What it acknowledged survives `kill -9`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { waitFor } from './wait-for.ts';

export interface RedisProcessOptions {
  /** Further arguments, e.g. `--maxmemory-policy allkeys-lru`. */
  readonly args?: readonly string[];
  readonly password?: string;
  /** Watches the server at this port instead of storing anything. */
  readonly sentinelOf?: number;
}

export class RedisProcess {
  readonly port: number;
  private readonly password: string | null;
  private readonly args: readonly string[];
  private readonly removeFolder: () => Promise<void>;
  private child: ChildProcess | null = null;

  private constructor(
    port: number,
    password: string | null,
    { args, removeFolder }: { args: readonly string[]; removeFolder: () => Promise<void> },
  ) {
    this.port = port;
    this.password = password;
    this.args = args;
    this.removeFolder = removeFolder;
  }

  static async start({ args = [], password, sentinelOf }: RedisProcessOptions = {}): Promise<RedisProcess> {
    const folder = await temporaryFolder();
    const port = await freePort();
    const common = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder.path];
    const secret = password === undefined ? [] : ['--requirepass', password];
    const settings = join(folder.path, 'sentinel.conf');
    if (sentinelOf !== undefined) {
      await writeFile(settings, `sentinel monitor master 127.0.0.1 ${sentinelOf} 1\n`);
    }
    const all =
      sentinelOf === undefined
        ? [...common, '--appendonly', 'yes', '--appendfsync', 'always', '--save', '', ...secret, ...args]
        : [settings, ...common, '--sentinel', ...args];
    const redis = new RedisProcess(port, password ?? null, { args: all, removeFolder: folder.remove });
    try {
      await redis.run();
    } catch (error) {
      await redis.remove();
      throw error;
    }
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it (again) and waits until it answers. */
  async run(): Promise<void> {
    this.child = spawn('redis-server', [...this.args], { stdio: 'ignore' });
    await waitFor('Redis to answer', () =>
      this.ask((client) => client.ping()).then(
        () => true,
        () => false,
      ),
    );
  }

  async ask<Result>(question: (client: Redis) => Promise<Result>): Promise<Result> {
    const secret = this.password === null ? {} : { password: this.password };
    const client = new Redis({ port: this.port, ...secret, lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await question(client);
    } finally {
      client.disconnect();
    }
  }

  /** `SIGKILL` waits for its end. */
  async signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const { child } = this;
    if (child === null) return;
    child.kill(signal);
    if (signal !== 'SIGKILL') return;
    this.child = null;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  async remove(): Promise<void> {
    await this.signal('SIGKILL');
    await this.removeFolder();
  }
}
