import test from 'ava';
import { io, type Socket } from 'socket.io-client';
import { POST_ID, startGateway, until } from './support/harness.ts';

interface Answer {
  readonly ok: boolean;
  readonly result?: Record<string, unknown>;
  readonly error?: { code: string };
}

type Batch = { epoch: string; seq: number; cursor: string; events: { id: string; data: unknown }[] };

function client(origin: string, auth: object, transports: string[] = ['websocket']): Socket {
  return io(origin, { auth, transports, reconnection: false, forceNew: true });
}

function once<Value>(socket: Socket, event: string): Promise<Value> {
  return new Promise((resolve) => socket.once(event, resolve));
}

const hello = { token: 'token-ann-s1', device: 'phone' };

for (const transport of ['polling', 'websocket']) {
  test(`${transport}: welcome, events with acknowledgement, operations, topics`, async (t) => {
    const node = await startGateway();
    const socket = client(node.origin, hello, [transport]);
    const welcome = await once<Record<string, unknown>>(socket, 'welcome');
    t.like(welcome, { user: 'ann', session: 's1', mode: 'fresh', seq: 0, ticket: 'ticket-ann-s1-phone' });

    const batches: Batch[] = [];
    socket.on('events', (batch: Batch, acknowledge: () => void) => {
      batches.push(batch);
      acknowledge();
    });
    node.sessions.append('ann', 'first', 'second');
    await until(() => node.sessions.only().ackedSeq === 2, 'the acknowledgement');
    t.like(batches[0], { epoch: 'epoch-ann00', seq: 1, cursor: 'cursor-2' });
    t.deepEqual(
      batches.flatMap((batch) => batch.events.map((event) => event.data)),
      ['first', 'second'],
    );

    const byOp = (await socket.emitWithAck('op', { op: 'test.echo', params: { text: 'hi' }, key: 'k' })) as Answer;
    t.like(byOp, { ok: true, result: { text: 'hi', key: 'k' } });
    const byName = (await socket.emitWithAck('test.echo', { text: 'hello' })) as Answer;
    t.like(byName, { ok: true, result: { text: 'hello' } });
    const unknown = (await socket.emitWithAck('launch', {})) as Answer;
    t.like(unknown, { ok: false, error: { code: 'not-found' } });
    const malformed = (await socket.emitWithAck('op', 7)) as Answer;
    t.like(malformed, { ok: false, error: { code: 'protocol-error' } });

    const topic = `post:${POST_ID}`;
    const present = once<object>(socket, 'live');
    socket.emit('watch', { topics: [topic] });
    t.like(await present, { topic, type: 'counts', data: { likeCount: 0, commentCount: 0 } });
    const live = once<object>(socket, 'live');
    node.topics.publish(topic, 'counts', { likeCount: 1 });
    t.deepEqual(await live, { topic, type: 'counts', data: { likeCount: 1 } });
    socket.disconnect();
    await until(() => node.sessions.count === 0 && node.topics.subscribers.size === 0, 'the end');
    await node.close();
  });
}

test('a refused hello is a connect_error with the problem document', async (t) => {
  const node = await startGateway();
  const cases: [object, string][] = [
    [{ token: 'forged', device: 'd' }, 'unauthenticated'],
    [{ token: 'token-ann-revoked', device: 'd' }, 'session-revoked'],
    [{}, 'protocol-error'],
  ];
  for (const [auth, code] of cases) {
    const socket = client(node.origin, auth);
    const error = await once<Error & { data: object }>(socket, 'connect_error');
    t.is(error.message, code);
    t.like(error.data, { code, type: `urn:shutterline:error:${code}` });
    socket.disconnect();
  }
  t.is(node.sessions.attached.length, 0);
  await node.close();
});

test('a resume in the auth payload replays what was missed', async (t) => {
  const node = await startGateway();
  node.sessions.append('ann', 1, 2, 3);
  const resume = { epoch: 'epoch-ann00', seq: 2, cursor: 'cursor-2' };
  const socket = client(node.origin, { ticket: 'ticket-ann-s1-phone', resume });
  const [welcome, batch] = await Promise.all([once<object>(socket, 'welcome'), once<Batch>(socket, 'events')]);
  t.like(welcome, { mode: 'resumed', seq: 2 });
  t.is(batch.seq, 3);
  socket.disconnect();
  await node.close();
});

test('what the server closes says why first', async (t) => {
  const node = await startGateway();
  const socket = client(node.origin, hello);
  await once(socket, 'welcome');
  const errors: { error: { code: string }; closeCode: number }[] = [];
  socket.on('error', (error) => errors.push(error));
  node.authenticator.revoke('s1');
  await once(socket, 'disconnect');
  t.like(errors[0], { error: { code: 'session-revoked' }, closeCode: 4410 });
  await until(() => node.sessions.count === 0, 'the detach');
  await node.close();
});

test('an acknowledgement may also come as a message; one of what was never sent closes', async (t) => {
  const node = await startGateway();
  const socket = client(node.origin, hello);
  await once(socket, 'welcome');
  node.sessions.append('ann', 1);
  await once(socket, 'events');
  socket.emit('ack', { seq: 1 });
  await until(() => node.sessions.only().ackedSeq === 1, 'the acknowledgement');
  socket.emit('ack', { seq: 99 });
  t.is(await once(socket, 'disconnect'), 'io server disconnect');
  await node.close();
});

test('foreign origins are refused', async (t) => {
  const node = await startGateway();
  const answer = await fetch(`${node.origin}/socket.io/?EIO=4&transport=polling`, {
    headers: { Origin: 'https://evil.example' },
  });
  t.is(answer.status, 403);
  await node.close();
});

test('handshakes that never say hello are bounded, and forgotten', async (t) => {
  const node = await startGateway({ limits: { halfOpenConnectionsMax: 2, helloDeadlineMs: 100 } });
  const handshake = () => fetch(`${node.origin}/socket.io/?EIO=4&transport=polling`);
  t.is((await handshake()).status, 200);
  t.is((await handshake()).status, 200);
  const refused = await handshake();
  t.is(refused.status, 403);
  t.like(await refused.json(), { message: 'overloaded' });
  while ((await handshake()).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
  await node.close();
});

test('a client that polls nothing but keeps calling is closed before it costs memory', async (t) => {
  const node = await startGateway({ limits: { linkBackpressureBytesMax: 20_000 } });
  const url = `${node.origin}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1)) as { sid: string };
  const send = (body: string) => fetch(`${url}&sid=${sid}`, { method: 'POST', body });
  await send(`40${JSON.stringify(hello)}`);
  await until(() => node.sessions.count === 1, 'the session');
  const { link } = node.sessions.only();
  const state = { unreadNotifications: 1 };
  let outcome = link.notify({ kind: 'state', state });
  for (let count = 0; count < 10_000 && outcome !== 'dropped'; count++) outcome = link.notify({ kind: 'state', state });
  t.is(outcome, 'dropped');
  await send(`420["test.echo",{"text":"x"}]`);
  await until(() => node.sessions.count === 0, 'the close');
  await node.close();
});

test('draining is announced and closes', async (t) => {
  const node = await startGateway({ limits: { drainSpreadMs: 60 } });
  const socket = client(node.origin, hello);
  await once(socket, 'welcome');
  const announced = once<{ afterMs: number }>(socket, 'drain');
  const disconnected = once(socket, 'disconnect');
  await node.gateway.drain();
  t.true((await announced).afterMs <= 60);
  await disconnected;
  await node.close();
});
