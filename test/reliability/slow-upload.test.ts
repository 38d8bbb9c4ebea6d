/** A phone at the edge of its network: 4 KB a second, with a stop of eight seconds in between. */
import { connect } from 'node:net';
import test from 'ava';
import { Person } from '../blackbox/api.ts';
import { openTarget } from '../blackbox/target.ts';
import { waitFor } from '../support/wait-for.ts';

const BYTES = 200 * 1024;
const STEP_BYTES = 4 * 1024;
const STOP_AFTER_BYTES = 100 * 1024;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

test('200 KB arrive over a link of 4 KB a second', async (t) => {
  t.timeout(180_000);
  const target = await openTarget();
  t.teardown(() => target.close());
  const person = await Person.register(target.url, 'remote');
  const draft = await person.expect<{ uploadUrl: string }>(201, 'POST', '/v1/posts', { body: { caption: 'slowly' } });
  const { hostname, port, pathname, search } = new URL(draft.uploadUrl);
  const socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString();
  });
  socket.on('error', () => {});
  socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: ${BYTES}\r\n\r\n`);
  const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(BYTES - 4)]);
  for (let sent = 0; sent < BYTES && !socket.destroyed; sent += STEP_BYTES) {
    socket.write(jpeg.subarray(sent, sent + STEP_BYTES));
    await pause(sent === STOP_AFTER_BYTES ? 8_000 : 1_000);
  }
  await waitFor('the answer', () => received !== '' || socket.destroyed);
  t.regex(received, /^HTTP\/1\.1 204 /);
});
