/**
 * One Redis that keeps what it is given: every change goes to its append-only file, and nothing is evicted. Takes the
 * system's `redis-server`; on Debian and Ubuntu it is installed from there if it is missing, which needs root.
 */
import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Launch, Place, Service } from './service.ts';

const run = promisify(execFile);
/** Output of a package manager that has much to say. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export const redis: Service = {
  name: 'redis',
  version: 'system',
  ports: { redis: 6379 },
  startTimeoutMs: 30_000,
  install,
  launch,
  answers: async ({ ports }) => answersPing(ports['redis'] ?? 0),
  environment: ({ ports }) => ({ REDIS_URL: `redis://127.0.0.1:${ports['redis']}` }),
};

async function install(folder: string): Promise<void> {
  const path = (await findServer()) ?? (await installPackage());
  await symlink(path, join(folder, 'redis-server'));
}

async function installPackage(): Promise<string> {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env: environment, maxBuffer: OUTPUT_BYTES_MAX };
  await run('apt-get', ['update', '-q'], options);
  await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'redis-server'], options);
  const path = await findServer();
  if (path === null) throw new Error('redis-server is still missing after its package was installed');
  return path;
}

async function findServer(): Promise<string | null> {
  return run('sh', ['-c', 'command -v redis-server']).then(
    ({ stdout }) => stdout.trim() || null,
    () => null,
  );
}

async function launch({ installed, data, ports }: Place): Promise<Launch> {
  await mkdir(data, { recursive: true });
  const settings: Readonly<Record<string, string>> = {
    port: String(ports['redis']),
    bind: '127.0.0.1',
    dir: data,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  return {
    command: join(installed, 'redis-server'),
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
  };
}

/** False also while it still reads its file. */
async function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(2_000, () => socket.destroy());
    socket.once('data', (bytes) => {
      resolve(bytes.toString('latin1').startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
