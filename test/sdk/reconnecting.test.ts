import test from 'ava';
import { ProblemError } from '../../sdk/problem.ts';
import { ids, liveClient } from '../support/live-client.ts';
import { postEvent } from '../support/scripted-live-server.ts';

test('a ticket that is refused gives way to a token, a refused token to a fresh one, then it is over', async (t) => {
  const { server, platform, refusedTokens, live } = liveClient();
  live.start();
  await platform.run(10);
  server.acceptTicket = () => false;
  server.acceptToken = (token) => token === 'token-3';
  server.cut();
  await platform.run(5000);
  t.deepEqual(refusedTokens, [undefined, undefined, 'token-2']);
  t.is(live.status.kind, 'live');
  server.acceptToken = () => false;
  server.cut();
  await platform.run(60_000);
  t.deepEqual(live.status, { kind: 'stopped', reason: 'signed-out' });
});

for (const [code, reason] of [
  [4409, 'replaced'],
  [4410, 'signed-out'],
  [4400, 'refused'],
] as const) {
  test(`close code ${code} ends it: ${reason}`, async (t) => {
    const { server, platform, sockets, live } = liveClient();
    live.start();
    await platform.run(10);
    server.cut(code);
    await platform.run(120_000);
    t.deepEqual(live.status, { kind: 'stopped', reason });
    t.is(sockets.length, 1);
    t.is(platform.waiting, 0);
  });
}

test('signed out while away: it stops instead of knocking for ever', async (t) => {
  const { server, platform, application, live } = liveClient();
  server.acceptTicket = () => false;
  live.start();
  await platform.run(10);
  application.accessToken = () =>
    Promise.reject(new ProblemError({ code: 'signed-out', status: 401, detail: 'Sign in.', retryable: false }));
  server.cut();
  await platform.run(5000);
  t.deepEqual(live.status, { kind: 'stopped', reason: 'signed-out' });
});

test('a drain moves the connection after the given time, and nothing is lost', async (t) => {
  const { server, platform, sockets, seen, live } = liveClient();
  live.start();
  await platform.run(10);
  server.announce({ t: 'drain', afterMs: 700 });
  server.append(postEvent(1));
  server.flush();
  await platform.run(600);
  t.is(sockets.length, 1);
  await platform.run(200);
  t.is(sockets.length, 2);
  t.is(live.status.kind, 'live');
  t.deepEqual(seen, ids(1));
});

test('reconnects back off with full jitter up to half a minute, and start anew after a good connection', async (t) => {
  const { server, platform, sockets, live } = liveClient({ random: () => 0.999 });
  server.acceptToken = () => true;
  live.start();
  await platform.run(10);
  const connect = platform.onSocket;
  platform.onSocket = (socket) => {
    sockets.push(socket);
    queueMicrotask(() => socket.cut());
  };
  server.cut();
  await platform.run(31_500);
  t.is(sockets.length, 1 + 6);
  await platform.run(60_000);
  t.is(sockets.length, 1 + 8);
  platform.onSocket = connect;
  await platform.run(60_000);
  t.is(live.status.kind, 'live');
});

test('a connection that stays silent must show a sign of life', async (t) => {
  const { server, platform, sockets, live } = liveClient();
  live.start();
  await platform.run(10);
  server.hold = true;
  await platform.run(400_000);
  t.true(sockets.length >= 2);
  server.answer();
  await platform.run(10_000);
  t.is(live.status.kind, 'live');
});

test('waking up connects at once instead of waiting for the timer', async (t) => {
  const { server, platform, sockets, live } = liveClient();
  live.start();
  await platform.run(10);
  server.cut();
  live.wake();
  await platform.run(1);
  t.is(sockets.length, 2);
  t.is(live.status.kind, 'live');
});
