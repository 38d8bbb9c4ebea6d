import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { systemClock } from '../../../src/clock.ts';
import { keptSecret, SECRET_BYTES_MIN, Secrets } from '../../../src/gateway/auth/secrets.ts';
import { SECRET } from './world.ts';

async function folder(t: { teardown(release: () => Promise<void>): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'shutterline-secret-'));
  t.teardown(() => rm(path, { recursive: true }));
  return path;
}

test('the kept secret is made once, for its owner only, however many start at once', async (t) => {
  const directory = join(await folder(t), 'data');
  const secrets = await Promise.all(Array.from({ length: 8 }, () => keptSecret(directory, systemClock)));
  t.is(new Set(secrets).size, 1);
  t.true(Buffer.byteLength(secrets[0] ?? '') >= SECRET_BYTES_MIN);
  t.true(secrets.includes(await keptSecret(directory, systemClock)));
  t.is((await stat(join(directory, 'secret'))).mode & 0o777, 0o600);
  t.deepEqual(await readdir(directory), ['secret'], 'nothing else is left behind');
});

test('a damaged secret stops the start instead of signing everyone out', async (t) => {
  const directory = await folder(t);
  await writeFile(join(directory, 'secret'), 'half a se');
  await t.throwsAsync(keptSecret(directory, systemClock), { message: /damaged/ });
});

test('every purpose has its own key, the same on every node', (t) => {
  const purposes = ['access-token', 'refresh-token', 'ticket', 'upload-url', 'cursor'] as const;
  const exported = (secrets: Secrets) =>
    purposes.map((purpose) => secrets.keys(purpose).newest.key.export().toString('hex'));
  t.is(new Set(exported(new Secrets([SECRET]))).size, purposes.length);
  t.deepEqual(exported(new Secrets([SECRET])), exported(new Secrets([SECRET])));
});

test('a short secret is refused', (t) => {
  t.throws(() => new Secrets(['short']));
  t.throws(() => new Secrets([SECRET, 'short']));
  t.throws(() => new Secrets([]));
});
