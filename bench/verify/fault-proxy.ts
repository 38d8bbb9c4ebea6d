/** A process between phones and server that breaks the delivery of events, and says how often it did. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { serveCalls } from '../harness/calls.ts';
import { locateFrame } from '../load/websocket-frames.ts';
import { type FaultKind, FaultPlan, FaultyStream } from './fault-injection.ts';

export type ProxyCalls = {
  listen: { input: { port: number; kind: FaultKind; oneIn: number }; output: { port: number } };
  injected: { input: null; output: number };
};

const HEAD_END = '\r\n\r\n';
const EVENTS_START = '{"t":"events"';

let plan = new FaultPlan('drop', Number.POSITIVE_INFINITY);

/** Server to phone: everything as it is, except frames of events. */
function passDown(from: Socket, to: Socket): void {
  const stream = new FaultyStream(plan);
  let rest: Buffer = Buffer.alloc(0);
  let upgraded = false;
  from.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    if (!upgraded) {
      const end = rest.indexOf(HEAD_END);
      if (end < 0) return;
      upgraded = true;
      to.write(rest.subarray(0, end + HEAD_END.length));
      rest = rest.subarray(end + HEAD_END.length);
    }
    let offset = 0;
    for (;;) {
      const place = locateFrame(rest, offset);
      if (place === null || place.end > rest.length) break;
      const frame = rest.subarray(offset, place.end);
      const isEvents = rest.toString('latin1', place.start, place.start + EVENTS_START.length) === EVENTS_START;
      for (const sent of isEvents ? stream.pass(frame) : [frame]) to.write(sent);
      offset = place.end;
    }
    rest = rest.subarray(offset);
  });
}

serveCalls<ProxyCalls>({
  listen: ({ port, kind, oneIn }) => {
    plan = new FaultPlan(kind, oneIn);
    const server = createServer((phone) => {
      const upstream = connect({ host: '127.0.0.1', port, noDelay: true });
      phone.setNoDelay(true);
      phone.pipe(upstream);
      passDown(upstream, phone);
      for (const [socket, other] of [
        [phone, upstream],
        [upstream, phone],
      ] as const) {
        socket.on('error', () => other.destroy());
        socket.on('close', () => other.destroy());
      }
    });
    return new Promise((resolve) => {
      server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () =>
        resolve({ port: (server.address() as AddressInfo).port }),
      );
    });
  },
  injected: () => plan.injected,
});
