import { readdir, readFile } from 'node:fs/promises';
import test from 'ava';
import { Person, type Post } from '../blackbox/api.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { startServer, temporaryFolder } from '../support/server-process.ts';
import { waitFor } from '../support/wait-for.ts';

/** The decoders of a server: its children that run the program. */
async function decodersOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (parent === pid && command.includes('rendition-child.ts')) found.push(Number(name));
  }
  return found;
}

test('a server that is told to stop does not wait for its decoders; the photos are finished after the next start', async (t) => {
  const folder = await temporaryFolder('leaving');
  const first = await startServer({ dataDir: folder.path });
  const author = await Person.register(first.url, 'ada');
  const isComplete = async (postId: string): Promise<boolean> =>
    (await author.expect<Post>(200, 'GET', `/v1/posts/${postId}`)).uploadStatus === 'complete';
  const before = await author.post('before', await smallPhotograph(1));
  await waitFor('the first photo', () => isComplete(before));
  // A decoder that stands still is one that takes its whole half minute.
  const stopped = await decodersOf(first.pid);
  t.true(stopped.length > 0);
  for (const pid of stopped) process.kill(pid, 'SIGSTOP');
  const posts: string[] = [];
  for (let seed = 2; seed < 6; seed++) posts.push(await author.post('while leaving', await smallPhotograph(seed)));
  await waitFor('a photo under way', async () => {
    const states = await Promise.all(posts.map((id) => author.expect<Post>(200, 'GET', `/v1/posts/${id}`)));
    return states.some((post) => post.uploadStatus === 'processing');
  });

  const toldAt = performance.now();
  t.is(await first.end('SIGTERM'), 0);
  t.true(performance.now() - toldAt < 10_000, `it took ${Math.round(performance.now() - toldAt)} ms`);
  await waitFor('the decoders to be gone', async () => {
    // Of one that ended and was not yet looked after, no command is left.
    const commands = stopped.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
    return (await Promise.all(commands)).every((command) => command === '');
  });

  const { port } = new URL(first.url);
  const second = await startServer({ dataDir: folder.path, environment: { PORT: port } });
  t.teardown(async () => {
    await second.end('SIGTERM');
    await folder.remove();
  });
  await waitFor('every photo', async () => (await Promise.all(posts.map(isComplete))).every(Boolean));
});
