/** Where a device that must catch up is put, and what it gets from the log besides. */
import test from 'ava';
import {
  attached,
  attachRequest,
  broadcast,
  entry,
  event,
  liveFixture,
  ScriptedLink,
  user,
} from '../../support/live.ts';

test('a session that fell off the ring, or comes back too late, gets from the log what the inbox may not hold yet', async (t) => {
  const fixture = liveFixture({ logRingEvents: 8, windowEvents: 4, catchUpReplayEvents: 3 });
  const { link, epoch } = await attached(fixture);
  broadcast(fixture, 1, 30);
  fixture.flush();
  t.like(link.notices[0], { kind: 'behind', epoch, seq: 27 });
  fixture.flush();
  t.deepEqual(
    link.ids,
    [28, 29, 30].map((number) => event(number).id),
  );
  const late = new ScriptedLink();
  const request = attachRequest('rita', 'tablet', { epoch, seq: 1 });
  t.like(fixture.node.attachResident(request, late), { mode: 'behind', seq: 27 });
  fixture.flush();
  t.deepEqual(
    late.ids,
    [28, 29, 30].map((number) => event(number).id),
  );
  fixture.node.deliver(user('rita'), event(27), null);
  fixture.node.deliver(user('rita'), event(28), null);
  fixture.flush();
  t.is(late.ids.at(-1), event(27).id, 'what is before that place comes again, what is behind it does not');
});

test('what was broadcast longer ago than the replay reaches is left to the inbox', async (t) => {
  const fixture = liveFixture({ catchUpReplayMs: 1000 });
  const { epoch } = await attached(fixture);
  broadcast(fixture, 1, 2);
  fixture.clock.advance(1001);
  broadcast(fixture, 3);
  const request = attachRequest('rita', 'tablet', { epoch: 'another', seq: 1 });
  t.like(fixture.node.attachResident(request, new ScriptedLink()), { mode: 'behind', epoch, seq: 2 });
});

test('an actor that begins has in its log what was broadcast just before', async (t) => {
  const fixture = liveFixture({ catchUpReplayMs: 1000, catchUpReplayEvents: 3 });
  broadcast(fixture, 1);
  fixture.clock.advance(1001);
  broadcast(fixture, 2, 5);
  fixture.node.broadcast(user('somebody'), event(6), entry(6, 'somebody'));
  fixture.source.followed.set('rita', ['author']);
  const link = new ScriptedLink();
  const request = attachRequest('rita', 'phone', { epoch: 'another', seq: 9 });
  t.like(await fixture.node.attach(request, link), { mode: 'behind', seq: 0 });
  broadcast(fixture, 7);
  fixture.node.deliver(user('rita'), event(3), null);
  fixture.flush();
  t.deepEqual(
    link.ids,
    [3, 4, 5, 7].map((number) => event(number).id),
  );
});

test('what is kept for that makes room for what is delivered', async (t) => {
  const fixture = liveFixture({ eventBodiesMax: 3 });
  const link = new ScriptedLink();
  await fixture.node.attach(attachRequest('sam'), link);
  broadcast(fixture, 1, 3);
  fixture.node.deliver(user('sam'), event(4), null);
  fixture.flush();
  t.deepEqual(link.ids, [event(4).id]);
});
