/** Events that several phones share are deflated once, for those that read it. */
import { inflateSync } from 'node:zlib';
import test from 'ava';
import { limits } from '../../../src/limits.ts';
import {
  AUTHOR,
  attachRequest,
  entry,
  event,
  type LiveFixture,
  liveFixture,
  post,
  type ReceivedBatch,
  ScriptedLink,
} from '../../support/live.ts';

async function reader(fixture: LiveFixture, name: string, readsDeflated = true) {
  fixture.source.followed.set(name, ['author']);
  const link = new ScriptedLink();
  const { index, epoch } = await fixture.node.attach({ ...attachRequest(name), readsDeflated }, link);
  return { name, link, index, epoch };
}

function readers(fixture: LiveFixture, count: number) {
  return Promise.all(Array.from({ length: count }, (_, index) => reader(fixture, `reader${index}`)));
}

function comeBack(fixture: LiveFixture, { name, epoch }: { name: string; epoch: string }): ReceivedBatch | undefined {
  const link = new ScriptedLink();
  const request = { ...attachRequest(name, 'phone', { epoch, seq: 0 }), readsDeflated: true };
  fixture.node.catchUp(fixture.node.attachResident(request, link)?.index ?? -1);
  return link.batches[0];
}

function broadcast(fixture: LiveFixture, number: number, characters: number = limits.deflateBytesMin): void {
  const data = JSON.stringify('x'.repeat(characters));
  fixture.node.broadcast(AUTHOR, event(number, 'post.new', data), entry(number));
}

function inflated(batch: ReceivedBatch | undefined): string {
  return batch?.deflated ? inflateSync(batch.deflated).toString() : '';
}

test('of the phones with the same news all but the first get them deflated, from one buffer', async (t) => {
  const fixture = liveFixture();
  const phones = await readers(fixture, 50);
  broadcast(fixture, 1);
  fixture.flush();
  broadcast(fixture, 2);
  broadcast(fixture, 3);
  fixture.flush();
  for (const place of [0, 1]) {
    const batches = phones.map(({ link }) => link.batches[place]);
    t.is(batches.filter((batch) => batch?.deflated === null).length, 1);
    const buffers = [...new Set(batches.map((batch) => batch?.deflated))].filter((each) => each !== null);
    t.is(buffers.length, 1);
    const batch = batches.find((each) => each?.deflated);
    t.is(inflated(batch), `[${batch?.eventsJson.toString()}]`);
    t.true((batch?.deflated?.length ?? 0) * 5 < (batch?.eventsJson.length ?? 0));
  }
});

test('a flush of several turns deflates once, and only its first phone gets text', async (t) => {
  const fixture = liveFixture({ flushSessionsPerTurn: 4 });
  const phones = await readers(fixture, 10);
  broadcast(fixture, 1);
  fixture.flush();
  const sent = phones.map(({ link }) => link.batches[0]?.deflated);
  t.is(sent.filter((each) => each === null).length, 1);
  t.is(new Set(sent).size, 2);
  const [phone] = phones;
  if (phone !== undefined) t.is(comeBack(fixture, phone)?.deflated, null, 'after the flush nothing is kept');
});

test('a phone by itself, one that does not read it, and news of few bytes get them as they are', async (t) => {
  const fixture = liveFixture();
  const first = await reader(fixture, 'rita');
  broadcast(fixture, 1);
  fixture.flush();
  const others = [await reader(fixture, 'sam', false), await reader(fixture, 'tess', false)];
  broadcast(fixture, 2);
  fixture.flush();
  const last = await reader(fixture, 'ursula');
  broadcast(fixture, 3, 10);
  fixture.flush();
  for (const { link } of [first, last, ...others]) t.true(link.batches.every((batch) => batch.deflated === null));
  t.deepEqual(
    first.link.ids,
    [1, 2, 3].map((number) => event(number).id),
  );
});

test('what was withdrawn is not in what was deflated before', async (t) => {
  const fixture = liveFixture();
  const phones = await readers(fixture, 4);
  for (const { index } of phones) fixture.node.detach(index);
  broadcast(fixture, 1);
  broadcast(fixture, 2);
  const [before, after] = [phones.slice(0, 2), phones.slice(2)].map((two, place) => {
    if (place === 1) fixture.node.withdrawPost(post(1));
    return two.map((phone) => inflated(comeBack(fixture, phone)));
  });
  t.true(before?.[1]?.includes(post(1)));
  t.is(after?.[0], '', 'the first since then');
  t.true(after?.[1]?.includes(post(2)));
  t.false(after?.[1]?.includes(post(1)));
});

test('the window is of what was sent: deflated events fill it later', async (t) => {
  const fixture = liveFixture();
  const phones = await readers(fixture, 3);
  for (let number = 1; number <= 12; number++) {
    broadcast(fixture, number, 10_000);
    fixture.flush();
  }
  const taken = phones.map(({ link }) => link.ids.length).toSorted((a, b) => a - b);
  t.deepEqual(taken, [6, 12, 12]);
});

test('whoever leaves deflated events unacknowledged all the time is served all the time', async (t) => {
  const fixture = liveFixture();
  const phones = await readers(fixture, 2);
  for (let number = 1; number <= 600; number++) {
    broadcast(fixture, number, 4_000);
    fixture.flush();
    for (const { link, index } of phones) {
      const owes = link.batches.at(-1)?.deflated === null ? 4 : 64;
      if (link.lastSeq > owes) t.true(fixture.node.acknowledge(index, link.lastSeq - owes));
    }
  }
  for (const { link } of phones) t.is(link.ids.length, 600);
});
