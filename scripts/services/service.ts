/**
 * A real server that the tests and a developer's machine run without containers: how it is installed once, started in the
 * background, recognised as ready, and what to export so that the product finds it.
 *
 *   <cache>/installed/<name>-<version>/   what `install` brought; kept, shared by every checkout
 *   <cache>/run/<name>/data/              what the server stores; survives `down`, removed by `down --forget`
 *   <cache>/run/<name>/log, state.json    its output, and process id and ports while it runs
 */
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where a service lives and listens. */
export interface Place {
  /** What `install` brought. */
  readonly installed: string;
  /** Its own folder, there already, for data and generated settings. */
  readonly data: string;
  /** One port per name in `Service.ports`: the preferred one, or another if that was taken. */
  readonly ports: Readonly<Record<string, number>>;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of whoever calls. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Service {
  readonly name: string;
  /** Pinned; part of the folder's name, so that a new version is installed beside the old one. */
  readonly version: string;
  /** Names of ports and the preferred number of each. */
  readonly ports: Readonly<Record<string, number>>;
  /** How long it may take from launch to the first answer. */
  readonly startTimeoutMs: number;
  /** Brings everything that is needed into an empty `folder`; runs only if it never ended well before. */
  install(folder: string): Promise<void>;
  /** Writes settings into `place.data` if it needs any, and says what to run. The process must stay in the foreground. */
  launch(place: Place): Promise<Launch>;
  /** True when it serves. Called again and again; may reject instead of answering false. */
  answers(place: Place): Promise<boolean>;
  /** Runs once after the first answer of each start, e.g. to make a bucket. */
  prepare?(place: Place): Promise<void>;
  /** What to export so that the product (and its tests) use it. */
  environment(place: Place): Readonly<Record<string, string>>;
}

export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'shutterline');
}

/** The service's own folder while it runs: data, log and state. */
export function runFolder(service: Service): string {
  return join(cacheFolder(), 'run', service.name);
}

export function installedFolder(service: Service): string {
  return join(cacheFolder(), 'installed', `${service.name}-${service.version}`);
}

/** True if it had to be installed. What broke off half-way is never taken for installed. */
export async function installOnce(service: Service): Promise<boolean> {
  const folder = installedFolder(service);
  const there = await stat(folder).then(
    () => true,
    () => false,
  );
  if (there) return false;
  const unfinished = `${folder}.unfinished-${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  try {
    await service.install(unfinished);
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return true;
}
