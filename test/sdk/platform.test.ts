/** What the client takes from where it really runs. */
import { deflateSync, gzipSync } from 'node:zlib';
import test from 'ava';
import { systemPlatform } from '../../sdk/platform.ts';

async function inflate(bytes: Uint8Array, bytesMax = 65_536): Promise<string> {
  const { inflate } = systemPlatform();
  if (inflate === null) throw new Error('this Node has no DecompressionStream');
  return inflate(Uint8Array.from(bytes), bytesMax);
}

test('text comes out as it was, also where a character lies across two chunks', async (t) => {
  const text = `x${'é'.repeat(20_000)}`;
  t.is(await inflate(deflateSync(text)), text);
  t.is(await inflate(deflateSync('')), '');
});

test('the bound counts bytes, and the last of them is still allowed', async (t) => {
  const bytes = deflateSync('é'.repeat(20_000));
  t.is((await inflate(bytes, 40_000)).length, 20_000);
  await t.throwsAsync(inflate(bytes, 39_999), { instanceOf: RangeError });
});

test.serial('a bomb is not inflated to its end', async (t) => {
  const { DecompressionStream } = globalThis;
  let total = 0;
  class Counting {
    readonly writable: WritableStream;
    readonly readable: ReadableStream;

    constructor(format: 'deflate') {
      const { writable, readable } = new DecompressionStream(format);
      const count = (chunk: Uint8Array, controller: TransformStreamDefaultController): void => {
        total += chunk.length;
        controller.enqueue(chunk);
      };
      this.writable = writable;
      this.readable = readable.pipeThrough(new TransformStream({ transform: count }));
    }
  }
  globalThis.DecompressionStream = Counting as unknown as typeof DecompressionStream;
  try {
    const bomb = inflate(deflateSync(Buffer.alloc(2 ** 22, ' ')));
    await t.throwsAsync(bomb, { message: /more than 65536 bytes/ });
  } finally {
    globalThis.DecompressionStream = DecompressionStream;
  }
  t.true(total > 65_536 && total < 2 * 65_536, `${total} bytes were read`);
});

const whole = deflateSync('["one"]');
for (const [what, bytes] of [
  ['nothing', Buffer.alloc(0)],
  ['plain text', Buffer.from('["one"]')],
  ['another format', gzipSync('["one"]')],
  ['a part', whole.subarray(0, -1)],
  ['a wrong checksum', Buffer.concat([whole.subarray(0, -1), Buffer.of((whole.at(-1) ?? 0) ^ 1)])],
  ['more than there should be', Buffer.concat([whole, Buffer.of(0)])],
  ['text that is not UTF-8', deflateSync(Buffer.from('é', 'latin1'))],
  ['text that ends within a character', deflateSync(Buffer.of(0xc3))],
] as const) {
  test(`what cannot be inflated is refused: ${what}`, async (t) => {
    await t.throwsAsync(inflate(bytes), { instanceOf: TypeError });
  });
}

test.serial('where the runtime cannot inflate, the platform says so', (t) => {
  const { DecompressionStream } = globalThis;
  Reflect.deleteProperty(globalThis, 'DecompressionStream');
  const { inflate } = systemPlatform();
  globalThis.DecompressionStream = DecompressionStream;
  t.is(inflate, null);
});
