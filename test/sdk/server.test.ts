/** The client against the real server: cuts, a crash, and a page of the feed that says from where to go on. */
import test from 'ava';
import { Client } from '../../sdk/client.ts';
import type { Live } from '../../sdk/live.ts';
import { type Platform, type SocketLike, systemPlatform } from '../../sdk/platform.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { startServer, temporaryFolder } from '../support/server-process.ts';
import { waitFor } from '../support/wait-for.ts';

/** The real platform, whose connections can be cut. */
function cuttable(): { platform: Platform; cut: () => void } {
  const real = systemPlatform();
  let newest: SocketLike | null = null;
  const openSocket = (url: string, protocols: readonly string[]): SocketLike => {
    newest = real.openSocket(url, protocols);
    return newest;
  };
  return { platform: { ...real, openSocket }, cut: () => newest?.close() };
}

async function publish(client: Client, number: number): Promise<string> {
  const photo = { bytes: new Uint8Array(await smallPhotograph(number)), contentType: 'image/jpeg' };
  const { postId } = await client.publish({ caption: `number ${number}`, photos: [photo] });
  return postId;
}

const isLive = (live: Live) => (): boolean => live.status.kind === 'live';

test('a follower sees every post once, across cuts, and across a kill -9 of the server', async (t) => {
  t.timeout(60_000);
  const folder = await temporaryFolder('sdk');
  let server = await startServer({ dataDir: folder.path });
  const { url } = server;
  const { platform, cut } = cuttable();
  const author = new Client({ url });
  const follower = new Client({ url, platform });
  await author.register({ username: 'ada', email: 'ada@example.org', password: 'correct horse battery' });
  await follower.register({ username: 'bob', email: 'bob@example.org', password: 'correct horse battery' });
  await follower.follow(author.account?.user.id ?? '');

  const before = await publish(author, 0);
  await waitFor('the first post in the feed', async () =>
    (await follower.feed()).posts.some(({ id }) => id === before),
  );
  const page = await follower.feed();
  const seen: string[] = [];
  const reloads: string[] = [];
  const live = follower.live({
    event: (event) => {
      if (event.type === 'post.new') seen.push((event.data as { id: string }).id);
    },
    reload: (reason) => {
      reloads.push(reason);
      return follower.feed();
    },
  });
  live.start(page);
  await waitFor('the connection', isLive(live));

  const posted: string[] = [];
  for (let number = 1; number <= 6; number++) {
    if (number % 2 === 0) cut();
    posted.push(await publish(author, number));
  }
  await waitFor('six posts', () => seen.length >= 6);
  await server.end('SIGKILL');
  server = await startServer({ dataDir: folder.path, environment: { PORT: new URL(url).port } });
  for (let number = 7; number <= 8; number++) posted.push(await publish(author, number));
  await waitFor('the posts after the crash', () => posted.every((id) => seen.includes(id)), 30_000);
  await waitFor('the connection', isLive(live));
  live.stop();

  t.deepEqual([...seen].sort(), [...posted].sort());
  t.deepEqual(reloads, []);
  const held = Object.fromEntries((await follower.feed()).posts.map((post) => [post.id, post.version]));
  await author.deletePost(before);
  await waitFor('the deletion', async () => (await follower.revalidate(held)).gone.includes(before));
  await server.end('SIGTERM');
  await folder.remove();
});
