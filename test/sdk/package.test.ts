import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** What someone does who has the tarball and nothing of this repository. */
const PROGRAM = `
import { Client, EventStore, memoryStorage, ProblemError } from '@shutterline/sdk';
const client = new Client({ url: 'http://127.0.0.1:9', tokenStorage: memoryStorage() });
const store = new EventStore();
store.continueFrom({ posts: [], position: { epoch: 'e', seq: 4, cursor: 'c' } }, 0);
let code = null;
try {
  await client.register({ username: 'ada', email: 'a@b.c', password: 'long enough' });
} catch (error) {
  code = error instanceof ProblemError ? error.code : error;
}
console.log(JSON.stringify({ resume: store.resumePoint, code }));
`;

test('the packed client installs elsewhere without a network and works from plain JavaScript', async (t) => {
  t.timeout(60_000);
  const folder = await mkdtemp(join(tmpdir(), 'shutterline-sdk-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  // Packed from a copy, so that a build of the repository's own folder is not disturbed.
  const source = join(folder, 'source', 'sdk');
  await cp(join(ROOT, 'sdk'), source, { recursive: true, filter: (path) => !path.endsWith('dist') });
  await cp(join(ROOT, 'tsconfig.json'), join(folder, 'source', 'tsconfig.json'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'source', 'node_modules'));
  await run('npm', ['pack', '--pack-destination', folder], { cwd: source });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  t.is(tarball, 'shutterline-sdk-0.1.0.tgz');

  const elsewhere = join(folder, 'elsewhere');
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, 'package.json'), '{"type":"module","private":true}');
  await writeFile(join(elsewhere, 'program.js'), PROGRAM);
  const flags = ['--offline', '--no-audit', '--no-fund', '--cache', join(folder, 'cache')];
  await run('npm', ['install', ...flags, join(folder, tarball ?? '')], { cwd: elsewhere });
  const { stdout } = await run(process.execPath, ['program.js'], { cwd: elsewhere });
  t.deepEqual(JSON.parse(stdout), { resume: { epoch: 'e', seq: 4, cursor: 'c' }, code: 'network' });

  const installed = join(elsewhere, 'node_modules', '@shutterline', 'sdk');
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as { dependencies?: unknown };
  t.is(manifest.dependencies, undefined);
  const files = (await readdir(join(installed, 'dist'))).sort();
  t.true(files.includes('index.d.ts'));
  t.true(files.every((name) => name.endsWith('.js') || name.endsWith('.d.ts')));
  t.false((await readFile(join(installed, 'dist', 'index.js'), 'utf8')).includes('.ts'));
});
