/** Events that come compressed: who asks for them, and that they cost neither order, nor an event, nor a reload. */
import test from 'ava';
import { ids, liveClient } from '../support/live-client.ts';
import { postEvent } from '../support/scripted-live-server.ts';
import { deflatedFrame } from '../support/virtual-platform.ts';

type Setting = Parameters<typeof liveClient>[0];

/** A client that is live and takes 100 ms to inflate a frame; `flush` sends events with these numbers in one frame. */
async function connected(options: Setting = {}) {
  const stage = liveClient({ deflates: 'always', ringEvents: 64, ...options });
  const { server, platform, live } = stage;
  platform.inflateMs = () => 100;
  live.start();
  await platform.run(10);
  const flush = (...numbers: number[]): void => {
    for (const number of numbers) server.append(postEvent(number));
    server.flush();
  };
  return { ...stage, flush };
}

for (const resumeInUpgrade of [true, false]) {
  const where = resumeInUpgrade ? 'upgrade' : 'first frame';
  test(`a client that can inflate says so with a token, and when it resumes in the ${where}`, async (t) => {
    const { server, platform, sockets } = await connected({ resumeInUpgrade });
    server.cut();
    await platform.run(1000);
    t.like(sockets[0]?.sent[0], { t: 'hello', token: 'token-1', caps: ['deflate'] });
    const [resuming] = resumeInUpgrade ? [sockets[1]?.offer] : (sockets[1]?.sent ?? []);
    t.like(resuming, { ticket: 'ticket-1', caps: ['deflate'] });
    t.is(sockets[1]?.protocols.length, resumeInUpgrade ? 2 : 1);
    t.is(sockets[1]?.protocols[0], 'shutterline.v1');
  });

  test(`a client that cannot inflate does not say so, also not in the ${where}, and gets text`, async (t) => {
    const stage = liveClient({ deflates: 'always', resumeInUpgrade, inflates: false });
    const { server, platform, sockets, seen, live } = stage;
    live.start();
    await platform.run(10);
    server.cut();
    server.append(postEvent(1));
    await platform.run(1000);
    server.flush();
    for (const said of sockets.flatMap((socket) => [socket.offer, ...socket.sent])) t.false('caps' in (said ?? {}));
    t.deepEqual([seen, sockets.length], [ids(1), 2]);
  });
}

test('text that arrives while a frame is inflated waits, and nothing is taken for a gap', async (t) => {
  const { server, platform, sockets, seen, live, flush } = await connected();
  flush(1, 2);
  const cursor = live.position?.cursor ?? '';
  sockets[0]?.push({ t: 'events', epoch: 'e1', seq: 3, cursor, events: [postEvent(3)] });
  await platform.run(99);
  t.deepEqual(seen, []);
  await platform.run(1);
  t.deepEqual(seen, ids(1, 2, 3));
  t.is(server.syncs, 0);
  t.is(sockets.length, 1);
});

test('a connection that closes while a frame is inflated is over after its events', async (t) => {
  const { server, platform, sockets, seen, statuses, flush } = await connected();
  flush(1, 2);
  server.cut();
  await platform.run(50);
  t.deepEqual([seen, statuses.at(-1)], [[], 'live']);
  await platform.run(50);
  t.deepEqual([seen, statuses.at(-1)], [ids(1, 2), 'reconnecting']);
  await platform.run(1000);
  t.like(sockets[1]?.offer, { seq: 2 });
  t.deepEqual(seen, ids(1, 2));
});

test('an answer that came before the close is not lost behind a frame that is inflated', async (t) => {
  const { server, platform, live, flush } = await connected();
  const asked = live.call('post.like', { postId: '1' });
  flush(1);
  await platform.run(1);
  server.cut();
  await platform.run(99);
  t.deepEqual(await asked, {});
  t.is(live.status.kind, 'reconnecting');
});

test('nothing is told any more after `stop`, though a frame was being inflated', async (t) => {
  const { server, platform, seen, statuses, live, flush } = await connected();
  flush(1);
  live.stop();
  const { position } = live;
  await platform.run(1000);
  t.deepEqual([seen, server.acknowledged, statuses.at(-1)], [[], [], 'stopped']);
  t.deepEqual(live.position, position);
});

test('a frame that cannot be inflated costs the connection, and no event', async (t) => {
  const { server, platform, sockets, seen, reloads, live, flush } = await connected();
  flush(1);
  const header = JSON.stringify({ t: 'events', epoch: 'e1', seq: 2, cursor: 'c0' });
  server.append(postEvent(2));
  server.loseFrame();
  sockets[0]?.pushBytes(deflatedFrame(header, JSON.stringify([postEvent(2)])).subarray(0, -1));
  flush(3);
  await platform.run(200);
  t.deepEqual([seen, live.status.kind], [ids(1), 'reconnecting']);
  await platform.run(1000);
  t.like(sockets[1]?.offer, { seq: 1 });
  server.flush();
  await platform.run(1000);
  t.deepEqual([seen, reloads, server.syncs], [ids(1, 2, 3), [], 0]);
});

test('a client that cannot read what is deflated is served text from the next connection on', async (t) => {
  const stage = liveClient({ deflates: 'always' });
  const { server, platform, sockets, seen, reloads, live } = stage;
  platform.inflate = () => Promise.reject(new Error('out of order'));
  live.start();
  await platform.run(10);
  for (const number of [1, 2, 3]) {
    server.append(postEvent(number));
    server.flush();
    await platform.run(1000);
  }
  server.cut();
  await platform.run(1000);
  const asked = sockets.map(({ offer, sent }) => 'caps' in (offer ?? sent[0] ?? {}));
  t.deepEqual(asked, [true, false, false]);
  t.deepEqual([seen, reloads, server.syncs, live.status.kind], [ids(1, 2, 3), [], 0, 'live']);
});

test('what is acknowledged is counted in bytes as they came over the wire', async (t) => {
  const { server, platform } = await connected();
  const caption = 'x'.repeat(30_000);
  for (const number of [1, 2, 3]) {
    server.append({ ...postEvent(number), data: { caption } });
    server.flush();
  }
  await platform.run(1000);
  t.deepEqual(server.acknowledged, []);
  // As text, each of them is more than the share of 32 KiB after which the first acknowledgement is due.
  await platform.run(5000);
  t.deepEqual(server.acknowledged, [3]);
});
