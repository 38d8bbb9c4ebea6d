/** A real server as its own process, on a free port and a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

export interface RunningServer {
  readonly url: string;
  readonly dataDir: string;
  readonly pid: number;
  /** Everything it wrote, for messages of failed tests. */
  output(): string;
  /** True once for every time that it printed this line. */
  takeLine(line: string): boolean;
  /** Sends a signal and resolves with the exit code or signal once the process is gone. */
  end(signal: NodeJS.Signals): Promise<number | string>;
  /** Resolves when the process is gone by itself. */
  readonly exited: Promise<number | string>;
}

export interface ServerOptions {
  readonly dataDir: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Another entry than the product's own, for tests that wrap its ports. */
  readonly entry?: string;
  /** What it prints when it is ready, with its address in it. Default: as the product's server does. */
  readonly ready?: RegExp;
}

const READY = /ready at (http:\/\/\S+)/;
const WORKER_READY = /health at (http:\/\/\S+)\/health\/ready/;
const START_TIMEOUT_MS = 30_000;

export async function temporaryFolder(name: string): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `shutterline-${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', options.entry ?? 'src/main.ts'], {
    env: {
      ...process.env,
      PORT: String(await freePort()),
      DATA_DIR: options.dataDir,
      LOG_LEVEL: 'warn',
      RATE_LIMIT_FACTOR: '100000',
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const taken = new Map<string, number>();
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the server did not start:\n${output}`));
    }, START_TIMEOUT_MS);
    const read = (chunk: Buffer): void => {
      if (output.length < 1_000_000) output += chunk.toString();
      const match = (options.ready ?? READY).exec(output);
      if (match?.[1] !== undefined) {
        clearTimeout(timer);
        resolve(match[1]);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void exited.then((code) => {
      clearTimeout(timer);
      reject(new Error(`the server ended with ${code}:\n${output}`));
    });
  });
  leaveWithUs(child, exited);
  return {
    url,
    dataDir: options.dataDir,
    pid: child.pid ?? 0,
    output: () => output,
    takeLine(line) {
      const seen = output.split('\n').filter((one) => one === line).length;
      const fresh = seen > (taken.get(line) ?? 0);
      if (fresh) taken.set(line, (taken.get(line) ?? 0) + 1);
      return fresh;
    },
    exited,
    end: (signal) => endProcess(child, exited, signal),
  };
}

/** A worker apart; its address is that of its health. */
export function startWorker(options: Omit<ServerOptions, 'entry' | 'ready'>): Promise<RunningServer> {
  return startServer({ ...options, entry: 'src/worker.ts', ready: WORKER_READY });
}

/** A test that fails ends nothing: its server must neither keep the run from ending nor outlive it. */
function leaveWithUs(child: ChildProcess, exited: Promise<unknown>): void {
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  void exited.then(() => process.removeListener('exit', kill));
  child.unref();
  for (const pipe of [child.stdout, child.stderr]) if (pipe instanceof Socket) pipe.unref();
}

async function endProcess(
  child: ChildProcess,
  exited: Promise<number | string>,
  signal: NodeJS.Signals,
): Promise<number | string> {
  child.ref();
  child.kill(signal);
  return exited;
}
