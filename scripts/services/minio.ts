/**
 * One MinIO, built from its source by `go install`: some minutes of compiling, once. Encrypts with a key that it makes for
 * itself, so that server-side encryption can be tested too.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Launch, Place, Service } from './service.ts';

const MODULE = 'github.com/minio/minio';
const VERSION = 'v0.0.0-20260212201848-7aac2a2c5b7c';
const USER = 'shutterline';
const PASSWORD = 'shutterline-on-this-machine-only';
const run = promisify(execFile);

export const minio: Service = {
  name: 'minio',
  version: VERSION,
  ports: { s3: 9000 },
  startTimeoutMs: 60_000,
  install,
  launch,
  async answers({ ports }) {
    const response = await fetch(`http://127.0.0.1:${ports['s3']}/minio/health/cluster`);
    return response.ok;
  },
  environment: ({ ports }) => ({
    S3_ENDPOINT: `http://127.0.0.1:${ports['s3']}`,
    S3_ACCESS_KEY: USER,
    S3_SECRET_KEY: PASSWORD,
  }),
};

async function install(folder: string): Promise<void> {
  // Politely: others use this machine too.
  await run('nice', ['-n', '15', 'go', 'install', `${MODULE}@${VERSION}`], {
    env: { ...process.env, GOBIN: folder, GOFLAGS: '-p=2' },
    maxBuffer: 64 * 1024 * 1024,
  });
}

async function launch({ installed, data, ports }: Place): Promise<Launch> {
  const objects = join(data, 'objects');
  await mkdir(objects, { recursive: true });
  return {
    command: join(installed, 'minio'),
    args: ['server', '--quiet', '--address', `127.0.0.1:${ports['s3']}`, objects],
    environment: {
      MINIO_ROOT_USER: USER,
      MINIO_ROOT_PASSWORD: PASSWORD,
      MINIO_KMS_SECRET_KEY: `shutterline:${await keptKey(join(data, 'key'))}`,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
  };
}

/** Without it, what is stored cannot be read any more. */
async function keptKey(path: string): Promise<string> {
  const made = randomBytes(32).toString('base64');
  await writeFile(path, made, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  return readFile(path, 'utf8');
}
