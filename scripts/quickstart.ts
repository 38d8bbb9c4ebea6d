/**
 * From a fresh clone to the first photograph on a second user's phone: `npm ci`, `npm start`, two people, one post. Prints
 * the seconds beside what we are after; fails only if the photograph does not arrive.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Person } from '../test/blackbox/api.ts';
import { Phone } from '../test/blackbox/phone.ts';
import { smallPhotograph } from '../test/support/photographs.ts';
import { waitFor } from '../test/support/wait-for.ts';

const BUDGET_SECONDS = 60;
const folder = mkdtempSync(join(tmpdir(), 'shutterline-quickstart-'));
const clone = join(folder, 'clone');
execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${process.cwd()}`, clone]);
const port = String(20_000 + Math.floor(Math.random() * 20_000));
const began = performance.now();
const seconds = (): number => (performance.now() - began) / 1000;
execFileSync('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: clone, stdio: 'ignore' });
console.log(`npm ci: ${seconds().toFixed(1)} s`);
const server = spawn('npm', ['start'], {
  cwd: clone,
  env: { ...process.env, PORT: port },
  stdio: 'inherit',
  detached: true,
});
const url = `http://127.0.0.1:${port}`;
let problem: unknown = null;
try {
  await waitFor('the page', async () => (await fetch(url).catch(() => null))?.ok, 40_000);
  console.log(`page served: ${seconds().toFixed(1)} s`);
  const author = await Person.register(url, 'first');
  const follower = await Person.register(url, 'second');
  await follower.follow(author);
  const phone = new Phone(follower);
  await phone.connect();
  const postId = await author.post('the first photograph', await smallPhotograph(1));
  await waitFor('the photograph on the phone', () => phone.ids('post.new').includes(`post.new:${postId}`));
  console.log(`first photograph pushed: ${seconds().toFixed(1)} s (budget ${BUDGET_SECONDS} s)`);
  phone.cut();
} catch (error) {
  problem = error;
} finally {
  if (server.pid !== undefined) process.kill(-server.pid, 'SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
}
if (problem !== null) throw problem;
