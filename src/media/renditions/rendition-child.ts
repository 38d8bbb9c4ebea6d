/**
 * The child process that decodes photos: one at a time, from the socket it inherits as descriptor 3. It holds no secret,
 * opens nothing, and ends when the server does. Whatever a photo does to it, the server starts another.
 */
import { Socket } from 'node:net';
import { confineDecoder, renderPhoto, UnusablePhoto } from './photo-renderer.ts';
import { type ChildMessage, encodeChildMessage, FrameReader } from './rendition-messages.ts';

confineDecoder();
const socket = new Socket({ fd: 3, readable: true, writable: true });
const reader = new FrameReader((bytes) => Buffer.allocUnsafeSlow(bytes));
let last = Promise.resolve();

socket.on('data', (chunk: Buffer) => {
  for (const frame of reader.push(chunk)) last = last.then(() => render(frame.body));
});
// The server is gone: nobody waits for the rest.
for (const event of ['end', 'error', 'close']) socket.on(event, () => process.exit(0));
await send({ kind: 'started' });

async function render(photo: Buffer): Promise<void> {
  try {
    for await (const rendition of renderPhoto(photo)) await send({ kind: 'rendition', ...rendition });
    await send({ kind: 'done' });
  } catch (error) {
    // Anything else is a fault here and not of the photo: the process ends, and the server counts a crash.
    if (!(error instanceof UnusablePhoto)) throw error;
    await send({ kind: 'refused', reason: error.message });
  }
}

async function send(message: ChildMessage): Promise<void> {
  const frame = Buffer.concat(encodeChildMessage(message));
  await new Promise<void>((resolve) => socket.write(frame, () => resolve()));
}
