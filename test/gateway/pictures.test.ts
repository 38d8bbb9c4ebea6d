/** How many pictures are on their way at once. */
import test from 'ava';
import { waitFor } from '../support/wait-for.ts';
import { startGateway, until } from './support/harness.ts';
import { rawRequest } from './support/http-client.ts';

const LARGE = Buffer.alloc(12_000_000, 7);

/** Asks for a large picture, and reads nothing of it before `readOn`. */
async function slowReader(port: number) {
  const { socket, received } = await rawRequest(port, 'GET /media/m/large.jpg HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => received().startsWith('HTTP/1.1 '), 'the beginning of an answer');
  socket.pause();
  return { received, readOn: () => socket.resume(), leave: () => socket.destroy() };
}

test('no more pictures are sent at once than may be, however slowly they are read; who is done makes room', async (t) => {
  const node = await startGateway({ limits: { picturesConcurrent: 2 } });
  node.blobs.put('m/large.jpg', LARGE);
  node.blobs.put('m/small.jpg', Buffer.alloc(100, 1));
  const small = `${node.origin}/media/m/small.jpg`;
  const [first, second] = [await slowReader(node.gateway.port), await slowReader(node.gateway.port)];
  for (const headers of [{}, { Range: 'bytes=0-9' }]) {
    const refused = await fetch(small, { headers });
    t.is(refused.status, 503);
    t.is(refused.headers.get('retry-after'), '1');
    t.like(await refused.json(), { code: 'overloaded', retryable: true });
  }
  const tag = { 'If-None-Match': '*' };
  t.is((await fetch(small, { headers: tag })).status, 304, 'nothing is sent of what is known');
  first.leave();
  await waitFor('the place of who left', async () => (await fetch(small)).status === 200);
  second.readOn();
  await until(() => second.received().length > LARGE.length, 'the whole picture');
  const third = await slowReader(node.gateway.port);
  await waitFor('the place of who has all', async () => (await fetch(small)).status === 200);
  third.leave();
  await node.close();
});

test('what is not sent takes no place, and nothing that was opened stays open', async (t) => {
  const node = await startGateway({ limits: { picturesConcurrent: 1 } });
  node.blobs.put('m/small.jpg', Buffer.alloc(100, 1));
  node.blobs.put('m/page', Buffer.alloc(100, 1), { contentType: 'text/html' });
  const url = `${node.origin}/media/m`;
  for (let round = 0; round < 3; round++) {
    t.is((await fetch(`${url}/small.jpg`, { method: 'HEAD' })).status, 200);
    t.is((await fetch(`${url}/none.jpg`)).status, 404);
    t.is((await fetch(`${url}/page`)).status, 404);
    t.is((await fetch(`${url}/small.jpg`, { headers: { Range: 'bytes=100-' } })).status, 416);
    t.is((await fetch(`${url}/small.jpg`, { headers: { Range: 'bytes=1-2' } })).status, 206);
    t.is((await (await fetch(`${url}/small.jpg`)).arrayBuffer()).byteLength, 100);
  }
  t.true(node.blobs.handedOut.length >= 12);
  await until(() => node.blobs.handedOut.every((content) => content.destroyed), 'the end of all');
  await node.close();
});
