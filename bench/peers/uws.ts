/**
 * Peer: bare uWebSockets.js. The floor: no log, no order beyond TCP's, no flow control, and (unlike the others) no check of
 * the client at all; the welcome leaves with the answer to the upgrade.
 */
import { App, type WebSocket } from 'uWebSockets.js';
import { serveCalls } from '../harness/calls.ts';
import { eventFrames } from './peer-events.ts';
import { collectGarbage, type Emission, type PeerCalls } from './server-calls.ts';
import { welcomeFrame } from './token-check.ts';
import { portOf } from './uws-port.ts';

const EVERYONE = 'everyone';

interface Seat {
  readonly user: string;
}

const app = App();
const sockets = new Set<WebSocket<Seat>>();

app.ws<Seat>('/live', {
  idleTimeout: 120,
  maxBackpressure: 64 * 1024 * 1024,
  upgrade(response, request, context) {
    response.upgrade<Seat>({ user: '0'.repeat(13) }, request.getHeader('sec-websocket-key'), '', '', context);
  },
  open(socket) {
    sockets.add(socket);
    socket.subscribe(EVERYONE);
    socket.send(welcomeFrame(socket.getUserData().user));
  },
  close(socket) {
    sockets.delete(socket);
  },
});

function emit(emission: Emission): null {
  for (const frame of eventFrames(emission.events)) {
    if (emission.by === 'publish') app.publish(EVERYONE, frame);
    else for (const socket of sockets) socket.send(frame);
  }
  return null;
}

serveCalls<PeerCalls>({
  listen: () =>
    new Promise((resolve, reject) => {
      app.listen('127.0.0.1', 0, (listening) => {
        if (listening === false) reject(new Error('no port'));
        else resolve({ port: portOf(listening) });
      });
    }),
  heap: collectGarbage,
  emit,
  emitToOthers: () => null,
});
