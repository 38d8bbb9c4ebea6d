import { connect } from 'node:net';
import test from 'ava';
import { composeId } from '../../src/ids.ts';
import { batchOf } from '../support/live.ts';
import { HIDDEN_POST_ID, POST_ID, startGateway, until } from './support/harness.ts';
import { post, text } from './support/http-client.ts';
import { LiveClient, resumeProtocol, welcomed } from './support/live-client.ts';

test('a hello with a token is welcomed with position, state and a ticket', async (t) => {
  const node = await startGateway();
  const client = await welcomed(node.liveUrl);
  t.like(client.received[0], {
    t: 'welcome',
    user: 'ann',
    session: 's1',
    epoch: 'epoch-ann00',
    seq: 0,
    cursor: 'cursor-0',
    mode: 'fresh',
    state: { unreadNotifications: 2 },
    ticket: 'ticket-ann-s1-phone',
  });
  t.is(client.socket.protocol, 'shutterline.v1');
  await node.close();
});

test('events arrive in frames of consecutive numbers and are acknowledged', async (t) => {
  const node = await startGateway();
  const client = await welcomed(node.liveUrl);
  node.sessions.append('ann', { caption: 'first' }, { caption: 'zweites “Bild” 🌄' });
  node.sessions.append('ann', { caption: 'third' });
  const first = await client.next('events');
  const second = await client.next('events', 2);
  t.like(first, { epoch: 'epoch-ann00', seq: 1, cursor: 'cursor-2' });
  t.is((first['events'] as { data: { caption: string } }[])[1]?.data.caption, 'zweites “Bild” 🌄');
  t.like(second, { seq: 3, cursor: 'cursor-3' });
  client.send({ t: 'ack', seq: 3 });
  await until(() => node.sessions.only().ackedSeq === 3, 'the acknowledgement');
  await node.close();
  t.pass();
});

test('a resume in the first frame replays what was missed', async (t) => {
  const node = await startGateway();
  node.sessions.append('ann', 1, 2, 3);
  const client = await welcomed(node.liveUrl, 'ann', { resume: { epoch: 'epoch-ann00', seq: 1, cursor: 'cursor-1' } });
  t.like(client.received[0], { mode: 'resumed', seq: 1 });
  t.like(await client.next('events'), { seq: 2 });
  await node.close();
});

test('a resume in the upgrade of a resident actor is welcomed without a frame from the client', async (t) => {
  const node = await startGateway();
  node.sessions.resident.add('ann');
  node.sessions.append('ann', 1, 2);
  const resume = { ticket: 'ticket-ann-s1-phone', epoch: 'epoch-ann00', seq: 1, cursor: 'cursor_-1' };
  const client = new LiveClient(node.liveUrl, ['shutterline.v1', resumeProtocol(resume)]);
  t.like(await client.next('welcome'), { mode: 'resumed', seq: 1, user: 'ann' });
  t.like(await client.next('events'), { seq: 2 });
  t.is(client.socket.protocol, 'shutterline.v1');
  t.deepEqual(node.sessions.attached, ['resident']);
  t.is(node.sessions.only().request.device, 'phone');
  await node.close();
});

test('a position of another activation is behind, one beyond retention is a reset', async (t) => {
  const node = await startGateway();
  const recent = composeId(Date.now() - 1000, 0, 0);
  const old = composeId(Date.now() - 31 * 86_400_000, 0, 0);
  const behind = await welcomed(node.liveUrl, 'ann', { resume: { epoch: 'other', seq: 1, cursor: recent } });
  const reset = await welcomed(node.liveUrl, 'bob', { resume: { epoch: 'other', seq: 1, cursor: old } });
  t.is(behind.received[0]?.['mode'], 'behind');
  t.is(reset.received[0]?.['mode'], 'reset');
  await node.close();
});

test('a wrong version, a foreign origin and a malformed resume are refused with a problem document', async (t) => {
  const node = await startGateway();
  const cases = [
    { client: new LiveClient(node.liveUrl, ['shutterline.v9']), status: 400, code: 'unsupported-version' },
    { client: new LiveClient(node.liveUrl, []), status: 400, code: 'unsupported-version' },
    {
      client: new LiveClient(node.liveUrl, undefined, { origin: 'https://evil.example' }),
      status: 403,
      code: 'origin-refused',
    },
    { client: new LiveClient(node.liveUrl, ['shutterline.v1', 'resume.e30']), status: 400, code: 'protocol-error' },
    { client: new LiveClient(node.liveUrl, ['shutterline.v1', 'resume.A']), status: 400, code: 'protocol-error' },
  ];
  for (const { client, status, code } of cases) {
    const refusal = await client.refusal();
    t.is(refusal.status, status);
    t.like(JSON.parse(refusal.body), { code, type: `urn:shutterline:error:${code}` });
  }
  await node.close();
});

test('pages of the same host and of the allow-list may connect', async (t) => {
  const node = await startGateway();
  await new LiveClient(node.liveUrl, undefined, { origin: node.origin }).opened();
  await new LiveClient(node.liveUrl, undefined, { origin: 'https://app.example' }).opened();
  await node.close();
  t.pass();
});

const hostileFrames: readonly [string, string | Buffer][] = [
  ['not JSON', '{'],
  ['a number', '7'],
  ['null', 'null'],
  ['a list', '[]'],
  ['no type', '{}'],
  ['an unknown type', '{"t":"launch"}'],
  ['an inherited name as type', '{"t":"__proto__"}'],
  ['an ack without number', '{"t":"ack"}'],
  ['an ack that is negative', '{"t":"ack","seq":-1}'],
  ['an ack that is a fraction', '{"t":"ack","seq":1.5}'],
  ['an ack of what was never sent', '{"t":"ack","seq":9}'],
  ['an op without id', '{"t":"op","op":"x"}'],
  ['an op with a long id', JSON.stringify({ t: 'op', id: 'x'.repeat(65), op: 'x' })],
  ['topics that are no list', '{"t":"watch","topics":"post:1"}'],
  ['a second hello', '{"t":"hello","token":"token-ann-s1","device":"d"}'],
  ['a binary frame', Buffer.from('{"t":"ack","seq":0}')],
];

for (const [name, frame] of hostileFrames) {
  test(`hostile frame: ${name} closes with protocol-error`, async (t) => {
    const node = await startGateway();
    const client = await welcomed(node.liveUrl);
    client.socket.send(frame);
    t.deepEqual(await client.closing(), { code: 4400, reason: 'protocol-error' });
    await until(() => node.sessions.count === 0, 'the detach');
    await node.close();
  });
}

const hostileHellos: readonly [string, unknown, number][] = [
  ['no credential', { device: 'd' }, 4400],
  ['both credentials', { token: 'token-ann-s1', ticket: 'ticket-ann-s1-d', device: 'd' }, 4400],
  ['a token without device', { token: 'token-ann-s1' }, 4400],
  ['a negative position', { token: 'token-ann-s1', device: 'd', resume: { epoch: 'e', seq: -1, cursor: 'c' } }, 4400],
  [
    'a cursor with line breaks',
    { token: 'token-ann-s1', device: 'd', resume: { epoch: 'e', seq: 1, cursor: '\n' } },
    4400,
  ],
  ['a wrong token', { token: 'forged', device: 'd' }, 4401],
  ['a ticket of another device', { ticket: 'ticket-ann-s1-phone', device: 'tablet' }, 4401],
  ['a revoked session', { token: 'token-ann-revoked', device: 'd' }, 4410],
];

for (const [name, hello, code] of hostileHellos) {
  test(`hello with ${name} closes with ${code}`, async (t) => {
    const node = await startGateway();
    const client = await new LiveClient(node.liveUrl).opened();
    client.send({ t: 'hello', ...(hello as object) });
    t.is((await client.closing()).code, code);
    t.is(node.sessions.count, 0);
    await node.close();
  });
}

test('anything before hello closes; a frame over the limit closes', async (t) => {
  const node = await startGateway({ limits: { frameBytesMax: 1024 } });
  const early = await new LiveClient(node.liveUrl).opened();
  early.send({ t: 'ack', seq: 0 });
  t.is((await early.closing()).code, 4400);
  const large = await welcomed(node.liveUrl);
  large.send({ t: 'op', id: '1', op: 'test.echo', params: { text: 'x'.repeat(2000) } });
  t.true((await large.closing()).code >= 1006);
  await node.close();
});

test('half-open sockets are closed at their deadline and refused beyond their number', async (t) => {
  const node = await startGateway({
    limits: { helloDeadlineMs: 2_000, connectionSweepMs: 20, halfOpenConnectionsMax: 3 },
  });
  const silent = [1, 2, 3].map(() => new LiveClient(node.liveUrl));
  for (const client of silent) await client.opened();
  const refusal = await new LiveClient(node.liveUrl).refusal();
  t.is(refusal.status, 503);
  t.like(JSON.parse(refusal.body), { code: 'overloaded', retryable: true });
  for (const client of silent) t.is((await client.closing()).code, 4010);
  const client = await welcomed(node.liveUrl);
  t.is(client.closed, null);
  await node.close();
});

test('a client that goes while its actor is activated leaves no session behind', async (t) => {
  const node = await startGateway();
  let finish = () => {};
  node.sessions.activation = new Promise((resolve) => {
    finish = resolve;
  });
  const client = await new LiveClient(node.liveUrl).opened();
  client.send({ t: 'hello', token: 'token-ann-s1', device: 'phone' });
  await until(() => node.sessions.activating === 1, 'the activation');
  client.socket.terminate();
  const connections = async () => /^shutterline_connections (\d+)$/m.exec(await text(`${node.origin}/metrics`))?.[1];
  while ((await connections()) !== '0') await new Promise((resolve) => setTimeout(resolve, 5));
  finish();
  await until(() => node.sessions.detached.length === 1, 'the detach');
  t.is(node.sessions.count, 0);
  await node.close();
});

test('an activation that is refused closes with its reason', async (t) => {
  const node = await startGateway();
  node.sessions.refuseWith = 'overloaded';
  const client = await new LiveClient(node.liveUrl).opened();
  client.send({ t: 'hello', token: 'token-ann-s1', device: 'phone' });
  t.deepEqual(await client.closing(), { code: 4013, reason: 'overloaded' });
  await node.close();
});

test('operations answer by id, with result or problem', async (t) => {
  const node = await startGateway();
  const client = await welcomed(node.liveUrl);
  client.send({ t: 'op', id: 'a', op: 'test.echo', params: { text: 'hi' }, key: 'k1' });
  client.send({ t: 'op', id: 'b', op: 'test.echo', params: { text: 'much too long' } });
  client.send({ t: 'op', id: 'c', op: 'no.such' });
  client.send({ t: 'op', id: 'd', op: 'test.echo', params: { text: 'boom' } });
  await client.next('result', 4);
  const result = (id: string) => client.received.find((message) => message.t === 'result' && message['id'] === id);
  t.like(result('a'), { ok: true, result: { text: 'hi', key: 'k1', user: 'ann' } });
  t.like(result('b'), { ok: false, error: { code: 'invalid-request', errors: [{ field: 'text' }] } });
  t.like(result('c'), { ok: false, error: { code: 'not-found' } });
  t.like(result('d'), { ok: false, error: { code: 'internal' } });
  t.false(JSON.stringify(client.received).includes('secret internals'));
  await node.close();
});

test('more operations at once than allowed are refused, and there is room again afterwards', async (t) => {
  const node = await startGateway({ limits: { operationsInFlightPerSession: 2 } });
  const client = await welcomed(node.liveUrl);
  for (const id of ['1', '2', '3']) client.send({ t: 'op', id, op: 'test.echo', params: { text: id, slowMs: 50 } });
  t.like(await client.next('result'), { id: '3', ok: false, error: { code: 'overloaded', retryable: true } });
  await client.next('result', 3);
  client.send({ t: 'op', id: '4', op: 'test.echo', params: { text: '4' } });
  t.like(await client.next('result', 4), { id: '4', ok: true });
  await node.close();
});

test('a flood of messages is cut off', async (t) => {
  const node = await startGateway({ limits: { inboundMessagesPerSecond: 50 } });
  const client = await welcomed(node.liveUrl);
  for (let count = 0; count < 200; count++) client.send({ t: 'ack', seq: 0 });
  t.deepEqual(await client.closing(), { code: 4029, reason: 'rate-limited' });
  await node.close();
});

test('watched topics arrive until they are unwatched, and only what may be seen can be watched', async (t) => {
  const node = await startGateway({ limits: { watchedTopicsPerSession: 2 } });
  const topic = `post:${POST_ID}`;
  const client = await welcomed(node.liveUrl);
  client.send({ t: 'watch', topics: [topic, `post:${HIDDEN_POST_ID}`] });
  t.like(await client.next('error'), { error: { code: 'not-found' } });
  await until(() => node.topics.subscribers.has(topic), 'the subscription');
  const present = { postId: POST_ID, likeCount: 0, commentCount: 0 };
  t.deepEqual(await client.next('live'), { t: 'live', topic, type: 'counts', data: present });
  node.topics.publish(topic, 'counts', { likeCount: 3 });
  t.deepEqual(await client.next('live', 2), { t: 'live', topic, type: 'counts', data: { likeCount: 3 } });
  client.send({ t: 'unwatch', topics: [topic] });
  await until(() => !node.topics.subscribers.has(topic), 'the end of the subscription');
  client.send({ t: 'watch', topics: ['a:1', 'a:2'] });
  await client.next('error', 3);
  client.send({ t: 'watch', topics: [topic] });
  await until(() => node.topics.subscribers.has(topic), 'the subscription');
  client.socket.terminate();
  await until(() => !node.topics.subscribers.has(topic), 'the subscription ends with the connection');
  await node.close();
});

test('what may no longer be seen stops being watched', async (t) => {
  const node = await startGateway({ limits: { grantRecheckMs: 40, connectionSweepMs: 20 } });
  const topic = `post:${POST_ID}`;
  const client = await welcomed(node.liveUrl);
  client.send({ t: 'watch', topics: [topic] });
  await until(() => node.topics.subscribers.has(topic), 'the subscription');
  node.visible.delete(POST_ID);
  t.like(await client.next('error'), { error: { code: 'not-found' } });
  t.false(node.topics.subscribers.has(topic));
  await node.close();
});

test('a fresh token is answered with a fresh ticket; one of another user closes', async (t) => {
  const node = await startGateway();
  const client = await welcomed(node.liveUrl);
  client.send({ t: 'auth', token: 'token-ann-s2' });
  t.deepEqual(await client.next('ticket'), { t: 'ticket', ticket: 'ticket-ann-s1-phone' });
  client.send({ t: 'auth', token: 'token-bob-s1' });
  t.is((await client.closing()).code, 4403);
  await node.close();
});

test('tickets are renewed at half their life', async (t) => {
  const node = await startGateway({ limits: { ticketLifetimeMs: 100, connectionSweepMs: 10 } });
  const client = await welcomed(node.liveUrl);
  await client.next('ticket', 2);
  await node.close();
  t.pass();
});

test('the sockets of a revoked session close, others stay', async (t) => {
  const node = await startGateway();
  const ann = await welcomed(node.liveUrl, 'ann');
  const bob = await welcomed(node.liveUrl, 'bob', { token: 'token-bob-s7' });
  node.authenticator.revoke('s1');
  t.deepEqual(await ann.closing(), { code: 4410, reason: 'session-revoked' });
  t.is(bob.closed, null);
  await node.close();
});

test('notices of the live room reach the client', async (t) => {
  const node = await startGateway();
  const client = await welcomed(node.liveUrl);
  const { link } = node.sessions.only();
  t.is(link.notify({ kind: 'state', state: { unreadNotifications: 5 } }), 'sent');
  link.notify({ kind: 'behind', epoch: 'e2', seq: 9, cursor: 'c9' });
  link.notify({ kind: 'reset', reason: 'bounds' });
  t.deepEqual(await client.next('state'), { t: 'state', state: { unreadNotifications: 5 } });
  t.deepEqual(await client.next('behind'), { t: 'behind', epoch: 'e2', seq: 9, cursor: 'c9' });
  t.deepEqual(await client.next('reset'), { t: 'reset', reason: 'bounds' });
  link.close('no-acknowledgement');
  t.is((await client.closing()).code, 4008);
  t.is(
    link.sendEvents(batchOf({ epoch: 'epoch-ann00', seq: 1, count: 1, cursor: 'c', eventsJson: Buffer.from('{}') })),
    'dropped',
  );
  await node.close();
});

test('a reader that stops is reported as buffered, then dropped, and as writable when it reads on', async (t) => {
  const node = await startGateway({ limits: { linkBackpressureBytesMax: 256 * 1024 } });
  const client = await welcomed(node.liveUrl);
  const { link } = node.sessions.only();
  client.socket.pause();
  const eventsJson = Buffer.from(JSON.stringify({ id: 'x', type: 'post.new', at: '', data: 'x'.repeat(30_000) }));
  let seq = 1;
  let taken = 0;
  const seen = new Set<string>();
  for (let count = 0; count < 2000 && !seen.has('dropped'); count++) {
    const outcome = link.sendEvents(batchOf({ epoch: 'epoch-ann00', seq, count: 1, cursor: 'c', eventsJson }));
    seen.add(outcome);
    if (outcome === 'dropped') break;
    seq++;
    taken++;
  }
  t.deepEqual([...seen], ['sent', 'buffered', 'dropped']);
  t.is(link.notify({ kind: 'state', state: {} }), 'dropped');
  client.socket.resume();
  await until(() => node.sessions.writableCalls.length > 0, 'the link is writable');
  await client.next('events', taken);
  const numbers = client.received.filter((message) => message.t === 'events').map((message) => message['seq']);
  t.deepEqual(
    numbers,
    Array.from({ length: taken }, (_, index) => index + 1),
  );
  await node.close();
});

test('draining announces, refuses newcomers and closes everyone within the spread', async (t) => {
  const node = await startGateway({ limits: { drainSpreadMs: 100 } });
  const clients = [await welcomed(node.liveUrl, 'ann'), await welcomed(node.liveUrl, 'bob')];
  const drained = node.gateway.drain();
  for (const client of clients) {
    const { afterMs } = await client.next('drain');
    t.true(typeof afterMs === 'number' && afterMs <= 100);
    t.deepEqual(await client.closing(), { code: 4001, reason: 'draining' });
  }
  await drained;
  const late = connect(node.gateway.port, '127.0.0.1');
  const refused = await new Promise((resolve) => {
    late.on('error', () => resolve(true));
    late.on('connect', () => resolve(false));
  });
  t.true(refused);
  t.is(node.sessions.count, 0);
  await node.close();
});

test('draining lets a request under way be answered', async (t) => {
  const node = await startGateway({ limits: { drainSpreadMs: 10 } });
  const pending = post(`${node.origin}/v1/echo`, { text: 'late', slowMs: 150 });
  await until(() => node.limiter.taken.length === 1, 'the request');
  await node.gateway.drain();
  await node.close();
  t.is((await pending).status, 201);
});
