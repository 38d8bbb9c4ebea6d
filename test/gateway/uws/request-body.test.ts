import test from 'ava';
import fc from 'fast-check';
import type { HttpResponse as UwsResponse } from 'uWebSockets.js';
import { Deadlines } from '../../../src/deadlines.ts';
import { UwsRequestBody } from '../../../src/gateway/uws/request-body.ts';
import { limits } from '../../../src/limits.ts';
import { ReusedMemory } from '../../../src/reused-memory.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** A response that counts how often it was told to wait on. */
class FakeResponse {
  readonly clock = new ManualClock();
  extended = 0;
  /** Longest time the transport was left to itself. */
  longestMs = 0;
  private extendedAt = 0;
  private data: (chunk: ArrayBuffer, isLast: boolean) => void = () => {};

  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): this {
    this.data = handler;
    return this;
  }

  pause(): void {}

  resume(): void {
    this.extended++;
    this.longestMs = Math.max(this.longestMs, this.clock.monotonic() - this.extendedAt);
    this.extendedAt = this.clock.monotonic();
  }

  body(memory: ReusedMemory | null = null): UwsRequestBody {
    const slow = new Deadlines(this.clock, limits.requestBodyExtendMs);
    return new UwsRequestBody(this as unknown as UwsResponse, { clock: this.clock, slow, memory });
  }

  bring(bytes: number, isLast = false): void {
    this.data(new ArrayBuffer(bytes), isLast);
  }

  /** Whose memory is overwritten at once, as the transport does. */
  bringBytes(bytes: Uint8Array, isLast: boolean): void {
    const chunk = Uint8Array.from(bytes);
    this.data(chunk.buffer, isLast);
    chunk.fill(0);
  }
}

async function readAll(body: UwsRequestBody): Promise<number> {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.byteLength;
  return bytes;
}

test('while a slow body is read the transport never gets to its ten seconds', async (t) => {
  const response = new FakeResponse();
  const reading = readAll(response.body());
  for (let count = 0; count < 50; count++) {
    response.bring(1000);
    await response.clock.advanceAsync(4000);
  }
  response.bring(1000, true);
  t.is(await reading, 51_000);
  t.true(response.longestMs < 8_000);
  t.is(response.clock.timerCount, 0);
});

test('a body that brings nothing more, or that nobody reads, is left to the transport', async (t) => {
  const response = new FakeResponse();
  const body = response.body();
  await response.clock.advanceAsync(60_000);
  t.is(response.extended, 0);
  const reading = readAll(body);
  response.bring(10);
  await response.clock.advanceAsync(limits.requestBodyStallMs);
  const extended = response.extended;
  await response.clock.advanceAsync(60_000);
  t.true(extended > 0);
  t.is(response.extended, extended);
  body.aborted();
  await t.throwsAsync(reading);
});

for (const end of ['aborted', 'release'] as const) {
  test(`after ${end} the response is not touched any more, whoever still reads`, async (t) => {
    const response = new FakeResponse();
    const body = response.body();
    const reading = readAll(body).catch(() => 0);
    response.bring(10);
    await response.clock.advanceAsync(limits.requestBodyExtendMs);
    const { extended } = response;
    body[end]();
    await response.clock.advanceAsync(60_000);
    t.is(response.extended, extended);
    t.is(response.clock.timerCount, 0);
    if (end === 'aborted') await reading;
  });
}

test('a body is the same in one piece, however many it came in', async (t) => {
  for (const chunks of [[], [10], [10, 20, 30]]) {
    const response = new FakeResponse();
    const reading = response.body().whole(60);
    for (const bytes of chunks) response.bring(bytes);
    response.bring(0, true);
    t.is(
      (await reading)?.byteLength,
      chunks.reduce((sum, bytes) => sum + bytes, 0),
    );
  }
  const early = new FakeResponse();
  const body = early.body();
  early.bring(30, true);
  t.is((await body.whole(60))?.byteLength, 30);
});

test('of a body that is too long nothing is given', async (t) => {
  for (const chunks of [[61], [30, 31]]) {
    const response = new FakeResponse();
    const reading = response.body().whole(60);
    for (const [index, bytes] of chunks.entries()) response.bring(bytes, index === chunks.length - 1);
    t.is(await reading, null);
  }
});

test('a body that is waited for as a whole is as patient, and fails as it is told to', async (t) => {
  const response = new FakeResponse();
  const body = response.body();
  const reading = body.whole(60);
  await response.clock.advanceAsync(limits.requestBodyExtendMs * 3);
  t.is(response.extended, 3);
  body.fail(new Error('too slow'));
  await t.throwsAsync(reading, { message: 'too slow' });
  t.is(response.clock.timerCount, 0);
});

/** Looks at each piece a second time after others had their turn, right before it asks for the next. */
async function readPatiently(body: UwsRequestBody, pauses: readonly number[]): Promise<string> {
  let text = '';
  let count = 0;
  for await (const piece of body) {
    for (let turn = 0; turn < (pauses[count++ % pauses.length] ?? 0); turn++) await Promise.resolve();
    text += Buffer.from(piece).toString('hex');
  }
  return text;
}

test('bodies that share memory come whole and unmixed, however they are cut and read', async (t) => {
  const upload = fc.record({
    chunks: fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { minLength: 1, maxLength: 12 }),
    pauses: fc.array(fc.nat(6), { minLength: 1, maxLength: 4 }),
    endsEarly: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(upload, { minLength: 1, maxLength: 4 }), async (uploads) => {
      const memory = new ReusedMemory(16, 3);
      const responses = uploads.map(() => new FakeResponse());
      const bodies = responses.map((response) => response.body(memory));
      const readings = bodies.map((body, which) => readPatiently(body, uploads[which]?.pauses ?? []).catch(() => null));
      const turns = Math.max(...uploads.map(({ chunks }) => chunks.length));
      for (let turn = 0; turn < turns; turn++) {
        for (const [which, { chunks, endsEarly }] of uploads.entries()) {
          const chunk = chunks[turn];
          const isLast = turn === chunks.length - 1;
          if (chunk === undefined) continue;
          if (isLast && endsEarly) bodies[which]?.aborted();
          else responses[which]?.bringBytes(chunk, isLast);
        }
        await Promise.resolve();
      }
      const read = await Promise.all(readings);
      const sent = uploads.map(({ chunks, endsEarly }) => (endsEarly ? null : Buffer.concat(chunks).toString('hex')));
      t.deepEqual(read, sent);
    }),
    { numRuns: 300 },
  );
});

test('a large body in one piece is its reader’s for good', async (t) => {
  const memory = new ReusedMemory(16, 4);
  const response = new FakeResponse();
  const bytes = Uint8Array.from({ length: 50 }, (_, index) => index);
  const reading = response.body(memory).whole(60);
  response.bringBytes(bytes.subarray(0, 20), false);
  response.bringBytes(bytes.subarray(20), true);
  const whole = await reading;
  for (let count = 0; count < 8; count++) memory.take().fill(0xff);
  t.deepEqual(Buffer.from(whole ?? []), Buffer.from(bytes));
});
