/** Servers in the background: started apart from this process, found again by their state file, stopped by process id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { installedFolder, type Place, runFolder, type Service } from './service.ts';

const STOP_TIMEOUT_MS = 30_000;
const LOOK_AGAIN_MS = 200;

interface State {
  readonly pid: number;
  /** When the system started that process: a later one with the same number is another one. */
  readonly startedAt: string;
  readonly ports: Readonly<Record<string, number>>;
}

export interface Running extends Place {
  readonly pid: number;
}

/** Null if it does not run. */
export async function findRunning(service: Service): Promise<Running | null> {
  const state = await readState(service);
  if (state === null || (await startOf(state.pid)) !== state.startedAt) return null;
  return { ...placeOf(service, state.ports), pid: state.pid };
}

/** Launches it and waits for its first answer. It goes on running when this process ends. */
export async function start(service: Service): Promise<Running> {
  const known = (await readState(service))?.ports ?? {};
  const ports: Record<string, number> = {};
  for (const [name, preferred] of Object.entries(service.ports)) {
    ports[name] = await freePort(known[name] ?? preferred);
  }
  const place = placeOf(service, ports);
  const { child, startedAt } = await launch(service, place, { log: logFile(service), detached: true });
  child.unref();
  const pid = child.pid ?? 0;
  const state: State = { pid, startedAt, ports };
  await writeFile(stateFile(service), JSON.stringify(state));
  await untilItServes(service, { ...place, pid }, logFile(service));
  return { ...place, pid };
}

export interface Launched {
  readonly child: ChildProcess;
  /** As in `State`. */
  readonly startedAt: string;
}

/** Starts the process, in whatever place. `detached`: it goes on when this process ends. */
export async function launch(
  service: Service,
  place: Place,
  { log, detached }: { readonly log: string; readonly detached: boolean },
): Promise<Launched> {
  await mkdir(place.data, { recursive: true });
  const { command, args, environment = {} } = await service.launch(place);
  const output = openSync(log, 'a');
  const child = spawn(command, args, {
    cwd: place.data,
    env: { ...process.env, ...environment },
    stdio: ['ignore', output, output],
    detached,
  });
  closeSync(output);
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return { child, startedAt: (await startOf(child.pid ?? 0)) ?? '' };
}

/** Waits for the first answer and prepares the service. Stops it and rejects with the end of its log if none comes in time. */
export async function untilItServes(service: Service, running: Running, log: string): Promise<void> {
  const giveUpAt = performance.now() + service.startTimeoutMs;
  while (!(await service.answers(running).catch(() => false))) {
    const ended = (await startOf(running.pid)) === null;
    if (ended || performance.now() > giveUpAt) {
      await stop(running);
      const said = await readFile(log, 'utf8');
      throw new Error(
        `${service.name} ${ended ? 'ended' : 'did not answer in time'}. The end of its log:\n${said.slice(-3_000)}`,
      );
    }
    await pause(LOOK_AGAIN_MS);
  }
  await service.prepare?.(running);
}

/** Asks it to end, and insists after half a minute. */
export async function stop(running: Running): Promise<void> {
  const startedAt = await startOf(running.pid);
  if (startedAt === null) return;
  process.kill(running.pid, 'SIGTERM');
  const insistAt = performance.now() + STOP_TIMEOUT_MS;
  for (let insisted = false; (await startOf(running.pid)) === startedAt; await pause(LOOK_AGAIN_MS)) {
    if (insisted || performance.now() < insistAt) continue;
    insisted = true;
    process.kill(running.pid, 'SIGKILL');
  }
}

/** What it stored, its log and its ports. */
export async function forget(service: Service): Promise<void> {
  await rm(runFolder(service), { recursive: true, force: true });
}

function placeOf(service: Service, ports: Readonly<Record<string, number>>): Place {
  return { installed: installedFolder(service), data: join(runFolder(service), 'data'), ports };
}

function logFile(service: Service): string {
  return join(runFolder(service), 'log');
}

function stateFile(service: Service): string {
  return join(runFolder(service), 'state.json');
}

async function readState(service: Service): Promise<State | null> {
  const text = await readFile(stateFile(service), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as State);
}

/** What tells a process from a later one with its number; null: it has ended. */
async function startOf(pid: number): Promise<string | null> {
  try {
    process.kill(pid, 0);
  } catch {
    return null;
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // Where there is no /proc, the number has to do.
  if (status === null) return 'running';
  const [state, ...rest] = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? null : (rest[18] ?? 'running');
}

/** `preferred` if nobody listens there, else any. */
async function freePort(preferred: number): Promise<number> {
  const attempt = async (port: number): Promise<number | null> =>
    new Promise((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(null));
      probe.listen(port, '127.0.0.1', () => {
        const address = probe.address();
        probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? null) : null));
      });
    });
  return (await attempt(preferred)) ?? (await attempt(0)) ?? preferred;
}
