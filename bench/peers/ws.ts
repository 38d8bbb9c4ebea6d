/** Peer: `ws`, the usual WebSocket server of node, with a token in a first frame. Compression off. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { serveCalls } from '../harness/calls.ts';
import { eventFrames } from './peer-events.ts';
import { collectGarbage, type Emission, type PeerCalls } from './server-calls.ts';
import { tokenCheck, welcomeFrame } from './token-check.ts';

const check = tokenCheck(process.env['BENCH_TOKEN_KEY'] ?? '');
const http = createServer();
const server = new WebSocketServer({ server: http, path: '/live', perMessageDeflate: false, maxPayload: 65_536 });
const greeted = new Set<WebSocket>();

server.on('connection', (socket) => {
  socket.once('message', (data: Buffer) => {
    const hello = JSON.parse(data.toString()) as { token?: unknown };
    const user = check(hello.token);
    if (user === null) {
      socket.close(4401);
      return;
    }
    greeted.add(socket);
    socket.send(welcomeFrame(user));
  });
  socket.on('close', () => greeted.delete(socket));
  socket.on('error', () => socket.terminate());
});

function emit(emission: Emission): null {
  for (const frame of eventFrames(emission.events)) {
    const data = Buffer.from(frame);
    for (const socket of greeted) socket.send(data, { binary: false });
  }
  return null;
}

serveCalls<PeerCalls>({
  listen: () =>
    new Promise((resolve) => {
      http.listen(0, '127.0.0.1', 4096, () => resolve({ port: (http.address() as AddressInfo).port }));
    }),
  heap: collectGarbage,
  emit,
  emitToOthers: () => null,
});
