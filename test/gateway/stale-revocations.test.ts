import test from 'ava';
import { io } from 'socket.io-client';
import { startGateway } from './support/harness.ts';
import { post } from './support/http-client.ts';
import { LiveClient, resumeProtocol, welcomed } from './support/live-client.ts';

/** A node that has not heard that session `s2` is revoked, and knows that it may not have. */
async function staleNode() {
  const node = await startGateway();
  node.authenticator.fresh = false;
  node.authenticator.unheard.add('s2');
  return node;
}

test('while the revocations known here may be old, REST asks the store before it serves', async (t) => {
  const node = await staleNode();
  const served = await post(`${node.origin}/v1/echo`, { text: 'hi' });
  const refused = await post(`${node.origin}/v1/echo`, { text: 'hi' }, { Authorization: 'Bearer token-ann-s2' });
  const form = new FormData();
  form.set('photo', new Blob(['x']), 'x.jpg');
  const upload = await fetch(`${node.origin}/v1/photos`, {
    method: 'POST',
    body: form,
    headers: { Authorization: 'Bearer token-ann-s2' },
  });
  t.is(served.status, 201);
  t.is(refused.status, 401);
  t.like(await refused.json(), { code: 'session-revoked' });
  t.is(upload.status, 401);
  t.deepEqual(node.authenticator.confirmed, ['s1', 's2', 's2']);
  await node.close();
});

test('while they may be old, a hello and a ticket in the upgrade wait for the store', async (t) => {
  const node = await staleNode();
  node.sessions.resident.add('ann');
  const client = await welcomed(node.liveUrl);
  const revoked = await new LiveClient(node.liveUrl).opened();
  revoked.send({ t: 'hello', token: 'token-ann-s2', device: 'phone' });
  const resume = { ticket: 'ticket-ann-s2-phone', epoch: 'epoch-ann00', seq: 0, cursor: 'cursor-0' };
  const resumed = new LiveClient(node.liveUrl, ['shutterline.v1', resumeProtocol(resume)]);
  t.is((await revoked.closing()).code, 4410);
  t.is((await resumed.closing()).code, 4410);
  t.is(client.closed, null);
  t.deepEqual(node.sessions.attached, ['resident']);
  await node.close();
});

test('while they may be old, a renewed token is confirmed before the ticket is', async (t) => {
  const node = await startGateway();
  const client = await welcomed(node.liveUrl);
  node.authenticator.fresh = false;
  node.authenticator.unheard.add('s2');
  client.send({ t: 'auth', token: 'token-ann-s1' });
  t.like(await client.next('ticket'), { ticket: 'ticket-ann-s1-phone' });
  client.send({ t: 'auth', token: 'token-ann-s2' });
  t.is((await client.closing()).code, 4410);
  t.deepEqual(node.authenticator.confirmed, ['s1', 's2']);
  await node.close();
});

test('while they may be old, socket.io waits for the store as well', async (t) => {
  const node = await staleNode();
  const options = { transports: ['websocket'], reconnection: false, forceNew: true };
  const revoked = io(node.origin, { ...options, auth: { token: 'token-ann-s2', device: 'phone' } });
  await new Promise((resolve) => revoked.once('disconnect', resolve));
  t.is(node.sessions.count, 0);
  const served = io(node.origin, { ...options, auth: { token: 'token-ann-s1', device: 'phone' } });
  t.like(await new Promise((resolve) => served.once('welcome', resolve)), { session: 's1' });
  served.disconnect();
  await node.close();
});

test('while they are fresh, nobody is asked about', async (t) => {
  const node = await startGateway();
  await post(`${node.origin}/v1/echo`, { text: 'hi' });
  const client = await welcomed(node.liveUrl);
  client.send({ t: 'auth', token: 'token-ann-s1' });
  await client.next('ticket');
  t.deepEqual(node.authenticator.confirmed, []);
  await node.close();
});

test('while they may be old and the store is away, reading goes on and writing is refused as retryable', async (t) => {
  const node = await startGateway();
  const client = await welcomed(node.liveUrl);
  node.authenticator.fresh = false;
  node.authenticator.storeAway = true;
  const headers = { Authorization: 'Bearer token-ann-s1' };
  const read = await fetch(`${node.origin}/v1/items/ann`, { headers });
  const written = await post(`${node.origin}/v1/echo`, { text: 'hi' });
  const revoked = await fetch(`${node.origin}/v1/items/ann`, {
    headers: { Authorization: 'Bearer token-ann-revoked' },
  });
  t.is(read.status, 200);
  t.is(written.status, 503);
  t.like(await written.json(), { code: 'unavailable', retryable: true });
  t.is(revoked.status, 401);
  client.send({ t: 'auth', token: 'token-ann-s1' });
  t.like(await client.next('error'), { error: { code: 'unavailable' } });
  t.is(client.closed, null);
  await node.close();
});
