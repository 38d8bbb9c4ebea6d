/** Over real sockets: Node's own WebSocket on one side, an independent implementation of the protocol (`ws`) on the other. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws';
import { Live } from '../../sdk/live.ts';
import type { ServerMessage } from '../../sdk/wire.ts';
import { postEvent } from '../support/scripted-live-server.ts';
import { deflatedFrame } from '../support/virtual-platform.ts';

test('the connection is made, cut, resumed within the upgrade, told of deflated events, and stopped', async (t) => {
  const server = new WebSocketServer({
    port: 0,
    path: '/v1/live',
    handleProtocols: (offered) => (offered.has('shutterline.v1') ? 'shutterline.v1' : false),
  });
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const offers: string[] = [];
  const hellos: unknown[] = [];
  const sockets: ServerSocket[] = [];
  const welcome = (socket: ServerSocket, mode: 'fresh' | 'resumed', seq: number): void => {
    const state = { unreadNotifications: 3 };
    const place = { user: 'u', session: 's', epoch: 'e', seq, cursor: 'c' };
    const message: ServerMessage = { t: 'welcome', ...place, mode, state, ticket: 'ticket', pingMs: 1000 };
    socket.send(JSON.stringify(message));
  };
  const push = (socket: ServerSocket | undefined, number: number): void => {
    const message: ServerMessage = { t: 'events', epoch: 'e', seq: number, cursor: 'c', events: [postEvent(number)] };
    socket?.send(JSON.stringify(message));
  };
  server.on('connection', (socket, request) => {
    const offer = request.headers['sec-websocket-protocol'] ?? '';
    offers.push(offer);
    sockets.push(socket);
    if (offer.includes('resume.')) welcome(socket, 'resumed', 1);
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { t: string };
      if (message.t !== 'hello') return;
      hellos.push(message);
      welcome(socket, 'fresh', 0);
    });
  });

  const seen: string[] = [];
  const waiters: (() => void)[] = [];
  const live = new Live({
    url: `http://127.0.0.1:${port}`,
    device: 'd',
    credentials: { accessToken: () => Promise.resolve({ text: 'token', expiresAtMs: Date.now() + 900_000 }) },
    handlers: {
      event: (event) => seen.push(event.id),
      reload: () => Promise.resolve(null),
      status: () => {
        for (const waiter of waiters.splice(0)) waiter();
      },
    },
  });
  const becomes = async (kind: string): Promise<void> => {
    while (live.status.kind !== kind) {
      await new Promise<void>((resolve) => {
        waiters.push(resolve);
      });
    }
  };
  live.start();
  await becomes('live');
  push(sockets[0], 1);
  while (seen.length < 1) await new Promise(setImmediate);
  sockets[0]?.terminate();
  await becomes('reconnecting');
  await becomes('live');
  const header = JSON.stringify({ t: 'events', epoch: 'e', seq: 2, cursor: 'c' });
  sockets[1]?.send(deflatedFrame(header, JSON.stringify([postEvent(2), postEvent(3)])));
  push(sockets[1], 4);
  while (seen.length < 4) await new Promise(setImmediate);
  live.stop();
  t.deepEqual(seen, ['post.new:1', 'post.new:2', 'post.new:3', 'post.new:4']);
  t.is(hellos.length, 1);
  t.is(offers[0], 'shutterline.v1');
  t.regex(offers[1] ?? '', /^shutterline\.v1, ?resume\.[A-Za-z0-9_-]+$/);
  t.deepEqual(live.status, { kind: 'stopped', reason: 'stopped' });
});
