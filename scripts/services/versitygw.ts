/**
 * A second S3 server that shares no code with MinIO, so that what the product asks of S3 is what S3 promises. Its objects
 * are files, what S3 says about them extended attributes. Built from its source by `go install`: a minute or two, once.
 */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Launch, Place, Service } from './service.ts';

const PACKAGE = 'github.com/versity/versitygw/cmd/versitygw';
const VERSION = 'v1.8.0';
const USER = 'shutterline';
const PASSWORD = 'shutterline-on-this-machine-only';
const HEALTH_PATH = '/health';
const run = promisify(execFile);

export const versitygw: Service = {
  name: 'versitygw',
  version: VERSION,
  ports: { s3: 7070 },
  startTimeoutMs: 60_000,
  install,
  launch,
  async answers({ ports }) {
    const response = await fetch(`http://127.0.0.1:${ports['s3']}${HEALTH_PATH}`);
    return response.ok;
  },
  // Not S3_…: the product's own settings name one server, and the tests run against both.
  environment: ({ ports }) => ({
    VERSITYGW_ENDPOINT: `http://127.0.0.1:${ports['s3']}`,
    VERSITYGW_ACCESS_KEY: USER,
    VERSITYGW_SECRET_KEY: PASSWORD,
  }),
};

async function install(folder: string): Promise<void> {
  // Politely: others use this machine too.
  await run('nice', ['-n', '15', 'go', 'install', `${PACKAGE}@${VERSION}`], {
    env: { ...process.env, GOBIN: folder, GOFLAGS: '-p=2' },
    maxBuffer: 64 * 1024 * 1024,
  });
}

async function launch({ installed, data, ports }: Place): Promise<Launch> {
  const buckets = join(data, 'buckets');
  await mkdir(buckets, { recursive: true });
  return {
    command: join(installed, 'versitygw'),
    args: ['--port', `127.0.0.1:${ports['s3']}`, '--health', HEALTH_PATH, '--quiet', 'posix', buckets],
    environment: { ROOT_ACCESS_KEY: USER, ROOT_SECRET_KEY: PASSWORD },
  };
}
