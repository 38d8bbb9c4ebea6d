/** Frames of events that are deflated, for clients of the native endpoint that say they read them. */
import test from 'ava';
import { io } from 'socket.io-client';
import { startGateway, until } from './support/harness.ts';
import { LiveClient, resumeProtocol, welcomed } from './support/live-client.ts';

const CAPS = { caps: ['something-newer', 'deflate'] };

test('a client that says so in its hello gets deflated events as binary frames, all else as text', async (t) => {
  const node = await startGateway();
  const client = await welcomed(node.liveUrl, 'ann', CAPS);
  node.sessions.append('ann', { caption: 'x'.repeat(2000) }, { caption: 'zweites “Bild” 🌄' });
  node.sessions.append('ann', { caption: 'third' });
  const first = await client.next('events');
  t.like(first, { epoch: 'epoch-ann00', seq: 1, cursor: 'cursor-2' });
  const events = first['events'] as { id: string; data: { caption: string } }[];
  t.deepEqual(
    events.map(({ id, data }) => [id, data.caption]),
    [
      ['post.new:1', 'x'.repeat(2000)],
      ['post.new:2', 'zweites “Bild” 🌄'],
    ],
  );
  t.true(Number(first['binary']) < 300);
  t.like(await client.next('events', 2), { seq: 3, cursor: 'cursor-3' });
  t.is(client.received[0]?.['binary'], undefined, 'a welcome is text');
  client.send({ t: 'ack', seq: 3 });
  await until(() => node.sessions.only().ackedSeq === 3, 'the acknowledgement');
  await node.close();
});

test('a client may say so in the upgrade as well', async (t) => {
  const node = await startGateway();
  node.sessions.resident.add('ann');
  node.sessions.append('ann', 1, 2);
  const resume = { ticket: 'ticket-ann-s1-phone', epoch: 'epoch-ann00', seq: 1, cursor: 'cursor_-1', ...CAPS };
  const client = new LiveClient(node.liveUrl, ['shutterline.v1', resumeProtocol(resume)]);
  const events = await client.next('events');
  t.like(events, { seq: 2, events: [{ id: 'post.new:2', data: 2 }] });
  t.is(typeof events['binary'], 'number');
  await node.close();
});

test('whoever says nothing of it, and socket.io, gets text', async (t) => {
  const node = await startGateway();
  const client = await welcomed(node.liveUrl, 'ann', { caps: ['something-newer'] });
  const socket = io(node.origin, { auth: { token: 'token-bob-s2', device: 'phone', ...CAPS }, reconnection: false });
  const received = new Promise<{ events: unknown[] }>((resolve) => {
    socket.on('events', resolve);
  });
  await until(() => node.sessions.count === 2, 'both are there');
  node.sessions.append('ann', 1);
  node.sessions.append('bob', 1);
  t.is((await client.next('events'))['binary'], undefined);
  t.like(await received, { seq: 1, events: [{ id: 'post.new:1', data: 1 }] });
  const asked = node.sessions.sessions.map((session) => session?.request.readsDeflated);
  t.deepEqual(asked, [false, false]);
  socket.close();
  await node.close();
});
