import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import test from 'ava';
import { unreadBytes, unsentBytes } from '../../bench/harness/process-figures.ts';
import { waitFor } from '../support/wait-for.ts';

/** More than both ends' kernels take. */
const WRITTEN_BYTES = 32 * 1024 * 1024;

test('what the other end does not take is counted at the port that sends it, and no more once it was taken', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const reader = connect(port, '127.0.0.1').pause();
  t.teardown(() => reader.destroy());
  const [writer] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => writer.destroy());
  t.is(unsentBytes(port), 0);
  writer.write(Buffer.alloc(WRITTEN_BYTES));
  await waitFor('the buffers to be full', () => unsentBytes(port) > 0);
  reader.resume();
  await waitFor('everything to be read', () => reader.bytesRead === WRITTEN_BYTES);
  await waitFor('the buffers to be empty', () => unsentBytes(port) === 0);
});

test('what was sent to a server and it has not read is counted at its port, until it reads', async (t) => {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const writer = connect(port, '127.0.0.1');
  t.teardown(() => writer.destroy());
  const [reader] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => reader.destroy());
  writer.write(Buffer.alloc(1000));
  await waitFor('it to arrive', () => unreadBytes(port) === 1000);
  reader.resume();
  await waitFor('it to be read', () => unreadBytes(port) === 0);
  t.is(unsentBytes(port), 0);
});
