import fc from 'fast-check';
import test from 'ava';
import { clientLimits } from '../../../sdk/limits.ts';
import { cursorFrom } from '../../../src/actors/live/event-bodies.ts';
import { EPOCH_LENGTH } from '../../../src/actors/live/session.ts';
import { EventsFrameEncoder, TEXT_FORM } from '../../../src/gateway/protocol/events-frame.ts';
import { limits } from '../../../src/limits.ts';
import {
  attachRequest,
  batchOf,
  event,
  type LiveFixture,
  liveFixture,
  ScriptedLink,
  user,
} from '../../support/live.ts';

/** As the client library sees them: whole, without what the transport puts before them. */
class CountingLink extends ScriptedLink {
  readonly frameBytes: number[] = [];
  private readonly encoder = new EventsFrameEncoder(TEXT_FORM);

  override sendEvents(batch: Parameters<ScriptedLink['sendEvents']>[0]): ReturnType<ScriptedLink['sendEvents']> {
    this.frameBytes.push(this.encoder.encode(batch, batch.eventsJson).length);
    return super.sendEvents(batch);
  }
}

/** A phone that acknowledges by the rules of docs/protocol.md, as late as they allow, and whose five seconds never pass. */
class LazyPhone {
  readonly link = new CountingLink();
  private frames = 0;
  private events = 0;
  private bytes = 0;

  /** What is to be acknowledged now; null if the rules allow it to wait. */
  read(): number | null {
    for (const batch of this.link.batches.slice(this.frames)) {
      this.events += batch.count;
      this.bytes += this.link.frameBytes[this.frames++] ?? 0;
    }
    if (this.events < clientLimits.ackEvents && this.bytes < clientLimits.ackBytes) return null;
    this.events = 0;
    this.bytes = 0;
    return this.link.lastSeq;
  }
}

function deliver(fixture: LiveFixture, number: number, characters: number): void {
  const data = JSON.stringify('x'.repeat(characters));
  fixture.node.deliver(user('rita'), event(number, 'notification.new', data), null);
}

test('whoever acknowledges half of the window, as late as allowed, never waits for the clock', async (t) => {
  const size = fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 400 }), fc.nat({ max: limits.eventBytesMax - 400 }));
  const burst = fc.array(size, { minLength: 1, maxLength: 40 });
  const property = fc.asyncProperty(fc.array(burst, { minLength: 1, maxLength: 40 }), async (bursts) => {
    const fixture = liveFixture();
    const phone = new LazyPhone();
    const { index } = await fixture.node.attach(attachRequest('rita'), phone.link);
    let number = 0;
    for (const sizes of bursts) {
      for (const characters of sizes) deliver(fixture, ++number, characters);
      // A frame each flush window, and an acknowledgement between two of them.
      for (let turn = 0; turn <= sizes.length && phone.link.lastSeq < number; turn++) {
        fixture.clock.advance(limits.flushWindowMs);
        const seq = phone.read();
        if (seq !== null) fixture.node.acknowledge(index, seq);
      }
      if (phone.link.lastSeq !== number) return false;
    }
    return phone.link.notices.length === 0;
  });
  await fc.assert(property, { numRuns: 40 });
  t.pass();
});

test('what surrounds the events of each frame counts as well', async (t) => {
  for (const characters of [20, 120, 400]) {
    const fixture = liveFixture();
    const link = new CountingLink();
    await fixture.node.attach(attachRequest('rita'), link);
    for (let number = 1; number <= 400; number++) {
      deliver(fixture, number, characters);
      fixture.clock.advance(limits.flushWindowMs);
    }
    const bytes = link.frameBytes.reduce((sum, each) => sum + each, 0);
    t.true(bytes <= limits.windowBytes, `${bytes} bytes in ${link.ids.length} frames`);
    t.true(link.ids.length <= limits.windowEvents);
    t.is(link.frameBytes.length, link.ids.length);
  }
});

test('one that stopped reading within half of a window is told once that it is behind, and gets no second window', async (t) => {
  const fixture = liveFixture();
  const link = new CountingLink();
  await fixture.node.attach(attachRequest('rita'), link);
  for (let number = 1; number <= 30; number++) deliver(fixture, number, 400);
  fixture.clock.advance(1000);
  t.is(link.ids.length, 30, 'it owes a part');
  for (let number = 31; number <= 3000; number++) {
    deliver(fixture, number, 400);
    if (number > 400) fixture.clock.advance(1);
  }
  t.is(link.notices.length, 1);
  const bytes = link.frameBytes.reduce((sum, each) => sum + each, 0);
  t.true(bytes <= limits.windowBytes, `${bytes} bytes`);
  fixture.clock.advance(limits.acknowledgementDeadlineMs + 2 * limits.liveSweepMs);
  t.deepEqual(link.closed, ['no-acknowledgement']);
});

test('after acknowledgements of a part, what is under way is still within the window', async (t) => {
  const fixture = liveFixture();
  const link = new CountingLink();
  const { index } = await fixture.node.attach(attachRequest('rita'), link);
  let acknowledged = 0;
  for (let number = 1; number <= 1000; number++) {
    deliver(fixture, number, 120);
    fixture.clock.advance(limits.flushWindowMs);
    const bytes = link.frameBytes.slice(acknowledged).reduce((sum, each) => sum + each, 0);
    t.true(bytes <= limits.windowBytes, `${bytes} bytes after ${number}`);
    if (number < 100 || number % 40 !== 0) continue;
    acknowledged = link.lastSeq - 100;
    fixture.node.acknowledge(index, acknowledged);
  }
  t.is(acknowledged, 900, 'it was served all the time');
});

test('the window lies within the ring, clients acknowledge half of it, and frames have the envelope that is counted', (t) => {
  t.true(limits.windowEvents <= limits.logRingEvents);
  t.true(clientLimits.ackEvents * 2 <= limits.windowEvents);
  t.true(clientLimits.ackBytes * 2 <= limits.windowBytes);
  const eventsJson = Buffer.alloc(20_000, 'x');
  const epoch = 'e'.repeat(EPOCH_LENGTH);
  const cursor = cursorFrom(Date.UTC(2026, 0, 1), limits.overlapMs);
  const frame = new EventsFrameEncoder(TEXT_FORM).encode(
    batchOf({ epoch, seq: 1, count: 1, cursor, eventsJson }),
    eventsJson,
  );
  const transportBytes = 4;
  t.true(frame.length - eventsJson.length + transportBytes <= limits.eventsFrameEnvelopeBytes);
});
