import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import { WebSocketServer } from 'ws';
import { RawWebSocket, sharedReadBuffer, type WebSocketTarget } from '../../bench/load/raw-websocket.ts';
import { FrameCutter, OPCODE } from '../../bench/load/websocket-frames.ts';

/** A server's frame, unmasked. */
function serverFrame(payload: Buffer): Buffer {
  const long = payload.length >= 126;
  const head = Buffer.alloc(long ? 4 : 2);
  head[0] = 0x80 | OPCODE.text;
  head[1] = long ? 126 : payload.length;
  if (long) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

test('frames are the same however the stream is cut', (t) => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(payloads, fc.integer({ min: 1, max: 50 }), (each, step) => {
      const bytes = Buffer.concat(each.map((payload) => serverFrame(Buffer.from(payload))));
      const cutter = new FrameCutter();
      const seen: string[] = [];
      for (let at = 0; at < bytes.length; at += step) {
        cutter.push(bytes.subarray(at, at + step), (_opcode, from, start, end) =>
          seen.push(from.toString('hex', start, end)),
        );
      }
      t.deepEqual(
        seen,
        each.map((payload) => Buffer.from(payload).toString('hex')),
      );
    }),
  );
});

async function withServer(use: (server: WebSocketServer, target: WebSocketTarget) => Promise<void>): Promise<void> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  try {
    await use(server, { host: '127.0.0.1', port: (server.address() as AddressInfo).port, path: '/' });
  } finally {
    for (const client of server.clients) client.terminate();
    server.close();
  }
}

test('texts of every length go both ways, and pings are answered', async (t) => {
  await withServer(async (server, target) => {
    server.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => socket.send(data.toString()));
      socket.ping('still there?');
      socket.on('pong', (data: Buffer) => socket.send(`pong ${data.toString()}`));
    });
    const texts = ['short', 'x'.repeat(125), 'y'.repeat(126), 'ü'.repeat(40_000)];
    const expected = new Set([...texts, 'pong still there?']);
    await new Promise<void>((resolve, reject) => {
      const client = RawWebSocket.open(
        target,
        {
          accepted: () => texts.forEach((text) => client.send(text)),
          text(bytes, start, end) {
            t.true(expected.delete(bytes.toString('utf8', start, end)));
            if (expected.size === 0) resolve();
          },
          closed: (reason) => reject(new Error(reason)),
        },
        sharedReadBuffer(),
      );
    });
  });
});

test('a close says its code, once', async (t) => {
  await withServer(async (server, target) => {
    server.on('connection', (socket) => socket.close(4001));
    const reasons: string[] = [];
    await new Promise<void>((resolve) => {
      RawWebSocket.open(
        target,
        {
          accepted: () => undefined,
          text: () => undefined,
          closed(reason) {
            reasons.push(reason);
            resolve();
          },
        },
        sharedReadBuffer(),
      );
    });
    t.deepEqual(reasons, ['closed with 4001']);
  });
});

test('a refused upgrade says what the server answered', async (t) => {
  await withServer(async (server, target) => {
    server.options.verifyClient = () => false;
    const reason = await new Promise<string>((resolve) => {
      RawWebSocket.open(
        target,
        { accepted: () => undefined, text: () => undefined, closed: resolve },
        sharedReadBuffer(),
      );
    });
    t.regex(reason, /the upgrade was refused: HTTP\/1\.1 401/);
  });
});
