/** What a phone missed is sent right after its welcome. */
import test from 'ava';
import { attachRequest, entry, event, type LiveFixture, liveFixture, ScriptedLink, user } from '../../support/live.ts';

async function gone(fixture: LiveFixture, name: string): Promise<{ epoch: string; seq: number }> {
  fixture.source.followed.set(name, ['author']);
  const { index, epoch, seq } = await fixture.node.attach(attachRequest(name), new ScriptedLink());
  fixture.node.detach(index);
  return { epoch, seq };
}

function broadcast(fixture: LiveFixture, to: number): void {
  for (let number = 1; number <= to; number++) fixture.node.broadcast(user('author'), event(number), entry(number));
}

function comeBack(fixture: LiveFixture, name: string, resume: { epoch: string; seq: number }) {
  const link = new ScriptedLink();
  const index = fixture.node.attachResident(attachRequest(name, 'phone', resume), link)?.index ?? -1;
  return { link, index };
}

test('a phone that resumes is sent what it missed as soon as it was welcomed, once and within its window', async (t) => {
  const fixture = liveFixture({ windowEvents: 3 });
  const resume = await gone(fixture, 'rita');
  broadcast(fixture, 5);
  const { link, index } = comeBack(fixture, 'rita', resume);
  t.is(link.batches.length, 0, 'the welcome goes first');
  fixture.node.catchUp(index);
  t.deepEqual(link.ids, [event(1).id, event(2).id, event(3).id]);
  fixture.node.catchUp(index);
  fixture.flush();
  t.is(link.ids.length, 3, 'nothing comes twice');
  t.true(fixture.node.acknowledge(index, 3));
  fixture.flush();
  t.deepEqual(link.ids.slice(3), [event(4).id, event(5).id]);
});

test('phones that missed the same are caught up from one buffer', async (t) => {
  const fixture = liveFixture();
  const resumes = new Map<string, { epoch: string; seq: number }>();
  for (const name of ['ann', 'ben', 'cleo']) resumes.set(name, await gone(fixture, name));
  broadcast(fixture, 4);
  const buffers = [...resumes].map(([name, resume]) => {
    const { link, index } = comeBack(fixture, name, resume);
    fixture.node.catchUp(index);
    return link.batches[0]?.eventsJson;
  });
  t.is(new Set(buffers).size, 1);
  t.not(buffers[0], undefined);
});

test('a link that takes nothing is caught up when it has room again', async (t) => {
  const fixture = liveFixture();
  const resume = await gone(fixture, 'rita');
  broadcast(fixture, 2);
  const { link, index } = comeBack(fixture, 'rita', resume);
  link.outcomes = ['dropped'];
  fixture.node.catchUp(index);
  fixture.flush();
  t.deepEqual(link.ids, []);
  fixture.node.writable(index);
  fixture.flush();
  t.deepEqual(link.ids, [event(1).id, event(2).id]);
});

test('whoever has missed nothing, or is gone, is not caught up', async (t) => {
  const fixture = liveFixture();
  const resume = await gone(fixture, 'rita');
  const { link, index } = comeBack(fixture, 'rita', resume);
  fixture.node.catchUp(index);
  fixture.node.detach(index);
  broadcast(fixture, 1);
  fixture.node.catchUp(index);
  t.is(link.batches.length, 0);
});
