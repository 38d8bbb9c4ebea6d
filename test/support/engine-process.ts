/**
 * A Cassandra or MinIO of a test's own, to be stopped, killed and brought back: the binaries and settings of
 * `npm run services`, on other ports and in a folder that goes with it.
 *
 * What either acknowledged survives `kill -9`: Cassandra answers a write after its commit log is synced (`commitlog_sync:
 * group`), MinIO an object after it is written; even what only the kernel's page cache holds outlives the process, so
 * these kills prove nothing about a loss of power.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { launch, untilItServes } from '../../scripts/services/running.ts';
import { installedFolder, installOnce, type Place, type Service } from '../../scripts/services/service.ts';
import { freePort } from './free-port.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

export class EngineProcess {
  private readonly service: Service;
  private readonly place: Place;
  private readonly log: string;
  private readonly removeFolder: () => Promise<void>;
  private child: ChildProcess | null = null;

  private constructor(service: Service, place: Place, { path, remove }: TemporaryFolder) {
    this.service = service;
    this.place = place;
    this.log = join(path, 'log');
    this.removeFolder = remove;
  }

  /** Resolves when it answers. Rejects, and leaves nothing behind, when it cannot be started. */
  static async start(service: Service): Promise<EngineProcess> {
    await installOnce(service);
    const folder = await temporaryFolder();
    const ports: Record<string, number> = {};
    for (const name of Object.keys(service.ports)) ports[name] = await freePort();
    const place = { installed: installedFolder(service), data: join(folder.path, 'data'), ports };
    const engine = new EngineProcess(service, place, folder);
    try {
      await engine.run();
    } catch (error) {
      await engine.remove();
      throw error;
    }
    return engine;
  }

  /** What to export so that the product uses it. */
  get environment(): Readonly<Record<string, string>> {
    return this.service.environment(this.place);
  }

  /** Starts it (again), on the same ports and data, and waits until it answers. */
  async run(): Promise<void> {
    const { service, place, log } = this;
    const { child } = await launch(service, place, { log, detached: false });
    this.child = child;
    await untilItServes(service, { ...place, pid: child.pid ?? 0 }, log);
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
