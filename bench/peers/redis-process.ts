/**
 * A Redis of the bench's own, on a free port, keeping nothing. It hangs on this process, which ends with the bench, so
 * that no Redis outlives a run, however that ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { serveCalls } from '../harness/calls.ts';

export interface RunningRedis {
  readonly port: number;
  readonly pid: number;
}

export type RedisCalls = {
  /** Null where redis-server is not installed. */
  start: { input: null; output: RunningRedis | null };
  end: { input: null; output: null };
};

/** A port that was free may be taken by the time Redis asks for it. */
const TRIES_MAX = 5;
const READY = 'Ready to accept connections';

class OwnRedis {
  private child: ChildProcess | null = null;

  async start(): Promise<RunningRedis | null> {
    let said = '';
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const port = await freePort();
      const outcome = await this.run(port);
      if (outcome === 'missing') return null;
      if (outcome === 'ready') return { port, pid: this.child?.pid ?? 0 };
      said = outcome.said;
    }
    throw new Error(`redis-server does not start: ${said}`);
  }

  kill(): void {
    this.child?.kill('SIGKILL');
  }

  async end(): Promise<void> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    this.kill();
    await exited;
  }

  private run(port: number): Promise<'ready' | 'missing' | { readonly said: string }> {
    const keepsNothing = ['--save', '', '--appendonly', 'no', '--dir', tmpdir()];
    const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', ...keepsNothing], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    return new Promise((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        if (said.includes(READY)) return;
        said += chunk.toString();
        if (said.includes(READY)) resolve('ready');
      });
      child.once('exit', () => resolve({ said }));
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.child = null;
        if (error.code === 'ENOENT') resolve('missing');
        else reject(error);
      });
    });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const redis = new OwnRedis();
process.on('exit', () => redis.kill());

serveCalls<RedisCalls>({
  start: () => redis.start(),
  async end() {
    await redis.end();
    return null;
  },
});
