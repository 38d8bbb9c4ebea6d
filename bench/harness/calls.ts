/**
 * Calls between the bench and the processes it starts, over node's own channel: a name, an input, an answer. Both sides
 * share a type that lists them, so a call that nobody serves does not compile.
 */
import { type ChildProcess, fork } from 'node:child_process';

export type CallList = Record<string, { readonly input: unknown; readonly output: unknown }>;

interface Request {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}

interface Answer {
  readonly id: number;
  readonly output?: unknown;
  readonly error?: string;
}

export interface ProgramOptions {
  readonly arguments?: readonly string[];
  readonly nodeFlags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process of the bench that serves calls. Ends with the bench: its channel closes. */
export class Program<Calls extends CallList> {
  private readonly child: ChildProcess;
  private readonly pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private readonly exited: Promise<void>;
  private nextId = 0;
  private gone: Error | null = null;

  constructor(path: string, options: ProgramOptions = {}) {
    this.child = fork(path, [...(options.arguments ?? [])], {
      execArgv: ['--disable-warning=ExperimentalWarning', ...(options.nodeFlags ?? [])],
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.exited = new Promise((resolve) => this.child.once('exit', () => resolve()));
    this.child.on('message', (message) => this.answered(message as unknown as Answer));
    this.child.on('error', (error) => this.end(error));
    this.child.on('exit', (code, signal) => this.end(new Error(`${path} ended with ${signal ?? code}`)));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  call<Name extends keyof Calls & string>(name: Name, input: Calls[Name]['input']): Promise<Calls[Name]['output']> {
    return new Promise((resolve, reject) => {
      if (this.gone !== null) {
        reject(this.gone);
        return;
      }
      const id = this.nextId++;
      this.pending.set(id, { resolve: (value) => resolve(value as Calls[Name]['output']), reject });
      this.child.send({ id, name, input } satisfies Request);
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }

  private answered({ id, output, error }: Answer): void {
    const waiting = this.pending.get(id);
    this.pending.delete(id);
    if (error === undefined) waiting?.resolve(output);
    else waiting?.reject(new Error(error));
  }

  private end(error: Error): void {
    this.gone ??= error;
    for (const waiting of this.pending.values()) waiting.reject(error);
    this.pending.clear();
  }
}

type Handlers<Calls extends CallList> = {
  readonly [Name in keyof Calls]: (
    input: Calls[Name]['input'],
  ) => Calls[Name]['output'] | Promise<Calls[Name]['output']>;
};

/** In the started process: answers calls until the bench is gone. */
export function serveCalls<Calls extends CallList>(handlers: Handlers<Calls>): void {
  process.on('message', (message) => {
    const { id, name, input } = message as unknown as Request;
    const answer = (fields: Omit<Answer, 'id'>): void => void process.send?.({ id, ...fields } satisfies Answer);
    Promise.resolve()
      .then(() => handlers[name]?.(input))
      .then(
        (output) => answer({ output }),
        (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
  process.on('disconnect', () => process.exit(0));
}
