import test from 'ava';
import fc from 'fast-check';
import type { EventType } from '../../../src/actors/event.ts';
import { attachRequest, entry, event, liveFixture, post, ScriptedLink, user } from '../../support/live.ts';

const AUTHORS = ['ann', 'ben', 'cleo', 'dora', 'emil', 'finn', 'gus'];

/** Everybody follows the authors whose bits their number has; the authors are here as well. */
async function audience(rings: number, readers = 8) {
  const fixture = liveFixture({ logRingEvents: rings, windowEvents: rings });
  const links = new Map<string, ScriptedLink>();
  const attach = async (name: string, followed: readonly string[]): Promise<void> => {
    fixture.source.followed.set(name, [...followed]);
    const link = new ScriptedLink();
    links.set(name, link);
    const { index } = await fixture.node.attach(attachRequest(name), link);
    link.onClose = () => fixture.node.detach(index);
  };
  for (let number = 0; number < readers; number++) {
    await attach(
      `reader${number}`,
      AUTHORS.filter((_, place) => (number & (1 << place)) !== 0),
    );
  }
  await attach('ann', ['ben']);
  return { fixture, links };
}

test('broadcasts of one turn reach each follower in one frame, in their order, and everybody what they follow', async (t) => {
  // Each reader follows another set of authors: more sets than are remembered.
  const { fixture, links } = await audience(64, 128);
  const told = [0, 1, 2, 6, 0, 2, 5, 1, 4, 3, 1, 6, 0].map((author, number) => ({ author, number }));
  for (const { author, number } of told) {
    fixture.node.broadcast(user(AUTHORS[author] ?? ''), event(number), number % 2 === 0 ? entry(number) : null);
  }
  fixture.flush();
  for (const [name, link] of links) {
    const follows = (author: number): boolean =>
      name === 'ann' ? author < 2 : (Number(name.slice('reader'.length)) & (1 << author)) !== 0;
    const expected = told.filter(({ author }) => follows(author));
    t.deepEqual(
      link.ids,
      expected.map(({ number }) => event(number).id),
      name,
    );
    t.true(link.batches.length <= 1, name);
    const shown = fixture.node.hotTimeline(user(name))?.entries.map(({ postId }) => postId) ?? [];
    const placed = expected.filter(({ number }) => number % 2 === 0).map(({ number }) => post(number));
    t.deepEqual(shown, placed.toReversed(), name);
  }
});

test('more broadcasts than a burst holds are all given, in order', async (t) => {
  const { fixture, links } = await audience(256);
  for (let number = 0; number < 150; number++) fixture.node.broadcast(user('ben'), event(number), null);
  for (let windows = 0; windows < 5; windows++) fixture.flush();
  const expected = Array.from({ length: 150 }, (_, number) => event(number).id);
  t.deepEqual(links.get('reader2')?.ids, expected);
  t.deepEqual(links.get('ann')?.ids, expected);
  t.deepEqual(links.get('reader1')?.ids, []);
});

test('the same event twice in a burst is one, and so is its copy that is delivered', async (t) => {
  const { fixture, links } = await audience(64);
  fixture.node.broadcast(user('ben'), event(1), entry(1));
  fixture.node.broadcast(user('ben'), event(1), entry(1));
  fixture.node.deliver(user('reader2'), event(1), entry(1));
  fixture.flush();
  t.deepEqual(links.get('reader2')?.ids, [event(1).id]);
  t.deepEqual(links.get('reader3')?.ids, [event(1).id]);
});

test('who follows or unfollows between two broadcasts of a turn hears of what came after, or before', async (t) => {
  const { fixture, links } = await audience(64);
  fixture.node.broadcast(user('ben'), event(1), null);
  fixture.node.setInterest(user('reader0'), user('ben'), true);
  fixture.node.setInterest(user('reader2'), user('ben'), false);
  fixture.node.broadcast(user('ben'), event(2), null);
  fixture.flush();
  t.deepEqual(links.get('reader0')?.ids, [event(2).id]);
  t.deepEqual(links.get('reader2')?.ids, [event(1).id]);
});

test('a phone that comes between two broadcasts of a turn stands behind the first', async (t) => {
  const { fixture } = await audience(64);
  fixture.node.broadcast(user('ben'), event(1), null);
  const link = new ScriptedLink();
  const attached = fixture.node.attachResident(attachRequest('reader2', 'tablet'), link);
  fixture.node.broadcast(user('ben'), event(2), null);
  fixture.flush();
  t.is(attached?.seq, 1);
  t.deepEqual(link.ids, [event(2).id]);
});

test('the hot timeline shows what was broadcast before it was asked for, and the position behind it', async (t) => {
  const { fixture } = await audience(64);
  fixture.node.broadcast(user('ben'), event(1), entry(1));
  const view = fixture.node.hotTimeline(user('reader2'));
  t.deepEqual([view?.seq, view?.entries.length], [1, 1]);
});

test('a post that is withdrawn in the turn in which it was broadcast shows nowhere', async (t) => {
  const { fixture, links } = await audience(64);
  const shows: EventType = 'post.new';
  fixture.node.broadcast(user('ben'), event(1, shows), entry(1));
  fixture.node.broadcast(user('ben'), event(2, shows), entry(2));
  fixture.node.withdrawPost(post(1));
  fixture.flush();
  t.deepEqual(links.get('reader2')?.ids, ['nop', event(2).id]);
  t.deepEqual(
    fixture.node.hotTimeline(user('reader2'))?.entries.map(({ postId }) => postId),
    [post(2)],
  );
});

test('what resumed phones share is made anew after a withdrawal', async (t) => {
  const { fixture } = await audience(64);
  const position = { epoch: '', seq: 0 };
  for (const name of ['reader2', 'reader3']) {
    const attached = fixture.node.attachResident(attachRequest(name), new ScriptedLink());
    if (name === 'reader2') position.epoch = attached?.epoch ?? '';
    fixture.node.detach(attached?.index ?? -1);
  }
  fixture.node.broadcast(user('ben'), event(1), null);
  fixture.node.broadcast(user('ben'), event(2), null);
  const resume = (): ScriptedLink => {
    const link = new ScriptedLink();
    const attached = fixture.node.attachResident(attachRequest('reader2', 'phone', position), link);
    fixture.node.catchUp(attached?.index ?? -1);
    return link;
  };
  t.deepEqual(resume().ids, [event(1).id, event(2).id]);
  fixture.node.withdrawPost(post(1));
  t.deepEqual(resume().ids, ['nop', event(2).id]);
});

test('whatever turns broadcasts fall into, every log is what it would be with each given at once', async (t) => {
  const told = fc.record({ author: fc.nat(2), ends: fc.boolean(), repeats: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(told, { maxLength: 80 }), async (broadcasts) => {
      const [apart, together] = [await audience(16), await audience(16)];
      let number = 0;
      for (const { author, ends, repeats } of broadcasts) {
        if (!repeats) number++;
        for (const { fixture } of [apart, together])
          fixture.node.broadcast(user(AUTHORS[author] ?? ''), event(number), null);
        apart.fixture.node.hotTimeline(user('reader0'));
        if (ends) for (const { fixture } of [apart, together]) fixture.flush();
      }
      for (const { fixture } of [apart, together]) fixture.flush();
      for (const [name, link] of apart.links) {
        t.deepEqual(together.links.get(name)?.ids, link.ids);
        const [one, other] = [apart, together].map(({ fixture }) => fixture.node.hotTimeline(user(name)));
        t.is(one?.seq, other?.seq);
        t.is(one?.cursor, other?.cursor);
      }
    }),
    { numRuns: 60 },
  );
});
