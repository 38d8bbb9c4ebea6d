import test from 'ava';
import { limits } from '../../../src/limits.ts';
import { attachRequest, entry, event, type LiveFixture, liveFixture, ScriptedLink, user } from '../../support/live.ts';

function broadcast(fixture: LiveFixture, from: number, to: number): void {
  for (let number = from; number <= to; number++) fixture.node.broadcast(user('author'), event(number), entry(number));
}

test('what is sent and acknowledged is reported once, with the age of what was live for the session', async (t) => {
  const fixture = liveFixture();
  fixture.source.followed.set('rita', ['author']);
  const { index, epoch } = await fixture.node.attach(attachRequest('rita'), new ScriptedLink());
  broadcast(fixture, 1, 2);
  fixture.flush();
  fixture.clock.advance(40);
  fixture.node.acknowledge(index, 2);
  fixture.node.acknowledge(index, 2);
  fixture.node.acknowledge(index, 99);
  t.deepEqual(fixture.reports.splice(0), ['fresh', 'sent 2', `acknowledged 2 after ${40 + limits.flushWindowMs}`]);
  fixture.node.detach(index);
  broadcast(fixture, 3, 4);
  fixture.clock.advance(60_000);
  const resume = { epoch, seq: 2 };
  const again = await fixture.node.attach({ ...attachRequest('rita'), resume }, new ScriptedLink());
  fixture.flush();
  fixture.node.acknowledge(again.index, 4);
  const reports = fixture.reports.splice(0);
  t.deepEqual(reports, ['resumed', 'sent 2', 'acknowledged 2 after null'], 'a phone that was away is not slow');
});

test('a connection that falls off the log is reported as behind once', async (t) => {
  const fixture = liveFixture({ windowEvents: 2 });
  fixture.source.followed.set('rita', ['author']);
  const { index, epoch } = await fixture.node.attach(attachRequest('rita'), new ScriptedLink());
  broadcast(fixture, 1, limits.logRingEvents + 3);
  fixture.flush();
  fixture.node.acknowledge(index, 0);
  fixture.flush();
  t.is(fixture.reports.filter((report) => report === 'fell behind').length, 1);
  await fixture.node.attach({ ...attachRequest('rita'), resume: { epoch, seq: 0 } }, new ScriptedLink());
  t.is(fixture.reports.at(-1), 'behind');
});
