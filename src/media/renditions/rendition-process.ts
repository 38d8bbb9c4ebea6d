/**
 * One child process, seen from the server: started with as little as it needs, watched while it works, killed when it
 * takes too long or too much memory. A killed one is not used again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../clock.ts';
import { invariant } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { ReusedMemory } from '../../reused-memory.ts';
import {
  type ChildMessage,
  encodeFrame,
  FrameReader,
  parseChildMessage,
  type RenderedPhoto,
} from './rendition-messages.ts';

const PROGRAM = fileURLToPath(new URL('rendition-child.ts', import.meta.url));
/** JavaScript's own heap: the photo's bytes live outside of it. */
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-old-space-size=128'];
/** Nothing of the server's own. What begins with MALLOC tells glibc to keep large blocks for the next photo; others ignore it. */
const ENVIRONMENT = {
  UV_THREADPOOL_SIZE: '2',
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: String(limits.renditionMemoryKeptBytes),
  MALLOC_MMAP_THRESHOLD_: String(limits.renditionBlockKeptBytes),
};
/** What node and libvips map before they decode anything. */
const DATA_OVERHEAD_BYTES = 512 * 1024 * 1024;

/** The photo can never be shown; `message` is safe to show. */
export class PhotoRefused extends Error {
  override readonly name = 'PhotoRefused';
}

/** The child ended, took too long or too much memory: the photo may be to blame, or may not. */
export class RenditionCrash extends Error {
  override readonly name = 'RenditionCrash';
}

export interface RenditionProcessOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly memoryPollMs: number;
  /** For what the child sends. */
  readonly memory: ReusedMemory;
}

/** The bytes are its own until it resolves or rejects. */
export type Deliver = (photo: RenderedPhoto) => Promise<void>;

interface Work {
  readonly deliver: Deliver;
  /** Deliveries one after the other; the first failure is the outcome. */
  delivered: Promise<void>;
  readonly settle: (error: Error | null) => void;
}

export class RenditionProcess {
  private readonly options: RenditionProcessOptions;
  private readonly child: ChildProcess;
  private readonly socket: Duplex;
  private readonly started: Promise<boolean>;
  private work: Work | null = null;
  private crash: RenditionCrash | null = null;
  private rendered = 0;

  private killedHere = false;

  private constructor(options: RenditionProcessOptions, child: ChildProcess, socket: Duplex) {
    this.options = options;
    this.child = child;
    this.socket = socket;
    this.started = new Promise((resolve) => this.listen(resolve));
  }

  static spawn(options: RenditionProcessOptions): RenditionProcess {
    const node = [process.execPath, ...NODE_FLAGS, PROGRAM];
    // The shell sets a limit that the kernel keeps, and becomes node: the watch below is too slow for one huge allocation.
    const limited = [
      '/bin/sh',
      '-c',
      'ulimit -d "$0" 2>/dev/null; exec "$@"',
      String(Math.ceil((options.memoryBytes + DATA_OVERHEAD_BYTES) / 1024)),
      ...node,
    ];
    const [command = '', ...args] = process.platform === 'win32' ? node : limited;
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: ENVIRONMENT,
    });
    const socket = child.stdio[3];
    invariant(socket instanceof Duplex, 'the child has a socket');
    return new RenditionProcess(options, child, socket);
  }

  get dead(): boolean {
    return this.crash !== null;
  }

  /** How many photos it was given. */
  get used(): number {
    return this.rendered;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** False when it never came up: no photo is to blame for that. */
  async ready(): Promise<boolean> {
    const timer = this.options.clock.after(this.options.timeoutMs, () => this.kill('the child did not start in time'));
    const up = await this.started;
    timer.cancel();
    return up && !this.dead;
  }

  /** Rejects with `PhotoRefused`, `RenditionCrash`, or what `deliver` rejected with. */
  async render(photo: Buffer, deliver: Deliver): Promise<void> {
    invariant(this.work === null, 'one photo at a time');
    if (this.crash !== null) throw this.crash;
    this.rendered++;
    const { clock, timeoutMs, memoryPollMs } = this.options;
    const timer = clock.after(timeoutMs, () => this.kill('it took too long to decode'));
    const watch = clock.every(memoryPollMs, () => this.checkMemory());
    let settle = (_error: Error | null): void => undefined;
    const settled = new Promise<Error | null>((resolve) => {
      settle = resolve;
    });
    const work: Work = { deliver, delivered: Promise.resolve(), settle };
    this.work = work;
    for (const part of encodeFrame({ kind: 'render' }, photo)) this.socket.write(part);
    const error = await settled;
    this.work = null;
    timer.cancel();
    watch.cancel();
    await work.delivered;
    if (error !== null) throw error;
  }

  /** True if we ended it; false if it ended by itself, or another's hand. */
  get killed(): boolean {
    return this.killedHere;
  }

  kill(reason: string): void {
    // Cleaning up behind a child that is dead already is no killing.
    if (this.crash === null) this.killedHere = true;
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
    this.end(reason);
  }

  private listen(started: (up: boolean) => void): void {
    const { memory } = this.options;
    const reader = new FrameReader((bytes) => memory.take(bytes));
    this.socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.push(chunk)) {
          const message = parseChildMessage(frame);
          if (message === null) throw new Error('unknown message');
          if (message.kind === 'started') started(true);
          else this.receive(message);
        }
      } catch {
        this.kill('it sent what no child sends');
      }
    });
    // Writing to a child that just died fails here; its exit says the rest.
    this.socket.on('error', () => undefined);
    this.child.on('error', (error) => this.end(error.message));
    this.child.on('exit', (code, signal) => this.end(`it ended with ${signal ?? code}`));
    this.child.on('close', () => started(false));
    this.child.on('error', () => started(false));
  }

  private receive(message: Exclude<ChildMessage, { kind: 'started' }>): void {
    const work = this.work;
    if (work === null) return;
    if (message.kind === 'rendition') {
      const { memory } = this.options;
      work.delivered = work.delivered.then(() => work.deliver(message)).finally(() => memory.give(message.bytes));
      // Whoever awaits the whole hears of it; until then it is not unhandled.
      work.delivered.catch(() => undefined);
    } else work.settle(message.kind === 'done' ? null : new PhotoRefused(message.reason));
  }

  private end(reason: string): void {
    this.crash ??= new RenditionCrash(reason);
    this.socket.destroy();
    this.work?.settle(this.crash);
  }

  /** The kernel answers from memory, in microseconds: handing each look to another thread would cost ten times as much. */
  private checkMemory(): void {
    const residentKib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(statusOf(this.child.pid))?.[1] ?? 0);
    if (residentKib * 1024 > this.options.memoryBytes) this.kill('it took too much memory to decode');
  }
}

/** Empty where the kernel keeps no such file, and once the process is gone. */
function statusOf(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
