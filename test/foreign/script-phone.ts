/** A phone that is a Python program of `docs/examples`: its output is what it shows, a file is what it stores. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { PASSWORD } from '../blackbox/api.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Account, ForeignPhone, ShownEvent } from './foreign-phone.ts';

const PYTHON = process.env['PYTHON'] ?? '.cache/foreign/bin/python';
const INSTALL =
  'python3 -m venv .cache/foreign && .cache/foreign/bin/pip install -r test/foreign/requirements.txt  (or name an interpreter in PYTHON)';

/** Throws, with the command that helps, when Python or a package of the examples is missing. */
export function requirePython(): void {
  const check = spawnSync(PYTHON, ['-c', 'import sys, socketio, websockets; assert sys.version_info >= (3, 11)']);
  if (check.status !== 0) {
    throw new Error(`${PYTHON} cannot run the examples. Install:\n  ${INSTALL}\n${check.stderr?.toString() ?? ''}`);
  }
}

interface Stored {
  readonly seen: Readonly<Record<string, unknown>>;
  readonly behind: number;
  readonly cursor: string | null;
}

interface Answer {
  readonly t: 'result';
  readonly id: string;
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error?: unknown;
}

export class ScriptPhone implements ForeignPhone {
  readonly shown: ShownEvent[] = [];
  private readonly account: Account;
  private readonly command: readonly string[];
  private readonly folder: string;
  private readonly answers = new Map<string, Answer>();
  private child: ChildProcessByStdio<Writable, Readable, Readable> | null = null;
  private closed: Promise<void> = Promise.resolve();
  private complaint = '';
  private operations = 0;

  /** `command`: the program and its further arguments. */
  constructor(account: Account, command: readonly string[]) {
    this.account = account;
    this.command = command;
    this.folder = mkdtempSync(join(tmpdir(), 'shutterline-phone-'));
  }

  async start(): Promise<void> {
    const [program = '', ...rest] = this.command;
    const { url, username } = this.account;
    const child = spawn(PYTHON, [program, url, username, this.file, ...rest], {
      env: { ...process.env, PASSWORD, NO_PROXY: '*', no_proxy: '*' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child = child;
    this.closed = new Promise((resolve) => {
      child.once('close', () => resolve());
    });
    child.stdin.on('error', () => {});
    child.stderr.on('data', (chunk: Buffer) => {
      this.complaint = (this.complaint + chunk.toString()).slice(-10_000);
    });
    createInterface({ input: child.stdout }).on('line', (line) => this.read(line));
    await this.perform('account.me', {});
  }

  async kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    this.child = null;
    await this.closed;
  }

  async perform(operation: string, params: unknown): Promise<unknown> {
    const id = `test-${++this.operations}`;
    this.child?.stdin.write(`${JSON.stringify({ id, op: operation, params })}\n`);
    const answer = await waitFor(
      `the answer of ${operation}`,
      () => {
        const { exitCode = null } = this.child ?? {};
        if (exitCode !== null) throw new Error(`the program ended with ${exitCode}:\n${this.complaint}`);
        return this.answers.get(id);
      },
      60_000,
    );
    if (!answer.ok) throw new Error(`${operation}: ${JSON.stringify(answer.error)}`);
    return answer.result;
  }

  async discard(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  stored(eventId: string): boolean {
    if (!existsSync(this.file)) return false;
    const state = JSON.parse(readFileSync(this.file, 'utf8')) as Stored;
    return eventId in state.seen && state.behind === 0 && state.cursor !== null;
  }

  private get file(): string {
    return join(this.folder, 'phone.json');
  }

  private read(line: string): void {
    const printed = JSON.parse(line) as Answer | (ShownEvent & { readonly t?: never });
    if (printed.t === undefined) this.shown.push(printed);
    else this.answers.set(printed.id, printed);
  }
}
