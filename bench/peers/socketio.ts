/**
 * Peer: socket.io, on `ws` or (argument `uws`) on uWebSockets.js, the token in the connect packet. With argument `recovery`
 * its own way to bring missed packets: connection state recovery, whose adapter keeps everybody's packets in one list; with
 * `streams` the same from a list in Redis. With `redis` it is one of several servers, joined by Redis.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { App } from 'uWebSockets.js';
import { serveCalls } from '../harness/calls.ts';
import { eventFrames } from './peer-events.ts';
import { collectGarbage, type Emission, type PeerCalls } from './server-calls.ts';
import { clusterAdapter } from './socketio-adapters.ts';
import { tokenCheck } from './token-check.ts';
import { portOf } from './uws-port.ts';

const onUws = process.argv.includes('uws');
const recovers = process.argv.includes('recovery') || process.argv.includes('streams');
const adapter = clusterAdapter(process.argv, Number(process.env['BENCH_REDIS_PORT']));
const check = tokenCheck(process.env['BENCH_TOKEN_KEY'] ?? '');
const io = new Server({
  serveClient: false,
  transports: ['websocket'],
  perMessageDeflate: false,
  pingInterval: 60_000,
  pingTimeout: 60_000,
  ...(recovers ? { connectionStateRecovery: { maxDisconnectionDuration: 10 * 60_000, skipMiddlewares: false } } : {}),
  ...(adapter === null ? {} : { adapter: adapter.create }),
});

io.use((socket, next) => {
  const user = check(socket.handshake.auth['token']);
  if (user === null) next(new Error('unauthenticated'));
  else next();
});
io.on('connection', (socket) => {
  if (!socket.recovered) void socket.join('everyone');
});

/** The client's first message must be the events frame's body, as the product's socket.io endpoint sends it. */
function emit(emission: Emission): null {
  for (const frame of eventFrames(emission.events)) io.to('everyone').emit('events', JSON.parse(frame));
  return null;
}

function listenOnUws(): Promise<{ port: number }> {
  const app = App();
  io.attachApp(app);
  return new Promise((resolve, reject) => {
    app.listen('127.0.0.1', 0, (listening) => {
      if (listening === false) reject(new Error('no port'));
      else resolve({ port: portOf(listening) });
    });
  });
}

function listenOnWs(): Promise<{ port: number }> {
  const http = createServer();
  io.attach(http);
  return new Promise((resolve) => {
    http.listen(0, '127.0.0.1', 4096, () => resolve({ port: (http.address() as AddressInfo).port }));
  });
}

serveCalls<PeerCalls>({
  async listen() {
    await adapter?.ready();
    return onUws ? listenOnUws() : listenOnWs();
  },
  heap: collectGarbage,
  emit,
  emitToOthers: ({ template, count }) => {
    const [frame = ''] = eventFrames([{ template, stream: 0, number: 0 }]);
    const message: unknown = JSON.parse(frame);
    for (let number = 0; number < count; number++) io.to(`user-${number % 1000}`).emit('events', message);
    return null;
  },
});
