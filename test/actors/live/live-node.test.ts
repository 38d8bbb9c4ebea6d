import test from 'ava';
import { ERRORS } from '../../../src/errors.ts';
import { limits } from '../../../src/limits.ts';
import {
  AUTHOR,
  attached,
  attachRequest,
  broadcast,
  entry,
  event,
  liveFixture,
  post,
  ScriptedLink,
  user,
} from '../../support/live.ts';

test('a fresh session starts at the head and gets what is broadcast from then on, in one frame a flush window', async (t) => {
  const fixture = liveFixture();
  const { link, mode, seq } = await attached(fixture);
  t.is(mode, 'fresh');
  t.is(seq, 0);
  broadcast(fixture, 1, 3);
  t.is(link.batches.length, 0);
  fixture.flush();
  t.deepEqual(link.ids, [event(1).id, event(2).id, event(3).id]);
  t.is(link.batches.length, 1);
  t.is(link.batches[0]?.seq, 1);
});

test('one event to many sessions is one buffer, and so is a batch of several', async (t) => {
  const fixture = liveFixture();
  const sessions = await Promise.all(Array.from({ length: 50 }, (_, index) => attached(fixture, `reader${index}`)));
  broadcast(fixture, 1);
  fixture.flush();
  broadcast(fixture, 2, 5);
  fixture.flush();
  for (const batch of [0, 1]) {
    const buffers = new Set(sessions.map(({ link }) => link.batches[batch]?.eventsJson));
    t.is(buffers.size, 1);
  }
});

test('the wire form of an event is its id, type, time and data', async (t) => {
  const fixture = liveFixture();
  const { link } = await attached(fixture);
  fixture.node.deliver(user('rita'), event(7, 'notification.new', '{"a":["é"]}'), null);
  fixture.flush();
  t.deepEqual(JSON.parse(link.batches[0]?.eventsJson.toString() ?? ''), {
    id: `notification.new:${post(7)}`,
    type: 'notification.new',
    at: '2026-01-01T00:00:00.000Z',
    data: { a: ['é'] },
  });
});

test('the copy of a broadcast event is appended once, however often and in whatever order it comes', async (t) => {
  const fixture = liveFixture({ logRingEvents: 4 });
  const { link, index } = await attached(fixture);
  broadcast(fixture, 1);
  fixture.node.deliver(user('rita'), event(1), entry(1));
  fixture.node.broadcast(AUTHOR, event(1), entry(1));
  fixture.node.deliver(user('rita'), event(2), entry(2));
  broadcast(fixture, 2);
  fixture.flush();
  t.deepEqual(link.ids, [event(1).id, event(2).id]);
  for (let number = 3; number <= 8; number++) {
    fixture.node.acknowledge(index, link.lastSeq);
    broadcast(fixture, number);
    fixture.flush();
  }
  // Event 1 has left the ring of four; its fan-out copy comes only now.
  fixture.node.deliver(user('rita'), event(1), entry(1));
  fixture.flush();
  t.is(link.ids.length, 8);
});

test('a first broadcast reaches an actor even if another user had a copy before', async (t) => {
  const fixture = liveFixture();
  const { link } = await attached(fixture, 'rita');
  const other = await attached(fixture, 'sam');
  fixture.node.deliver(user('sam'), event(1), entry(1));
  broadcast(fixture, 1);
  fixture.flush();
  t.deepEqual(link.ids, [event(1).id]);
  t.deepEqual(other.link.ids, [event(1).id]);
});

test('what was broadcast before the user followed its author still comes by delivery', async (t) => {
  const fixture = liveFixture({ logRingEvents: 2 });
  fixture.source.followed.set('rita', []);
  const link = new ScriptedLink();
  await fixture.node.attach(attachRequest('rita'), link);
  broadcast(fixture, 1);
  fixture.node.setInterest(user('rita'), AUTHOR, true);
  fixture.node.deliver(user('rita'), event(1), entry(1));
  broadcast(fixture, 2);
  fixture.flush();
  t.deepEqual(link.ids, [event(1).id, event(2).id]);
  fixture.node.setInterest(user('rita'), AUTHOR, false);
  broadcast(fixture, 3);
  fixture.flush();
  t.is(link.ids.length, 2);
});

test('an author gets their own events', async (t) => {
  const fixture = liveFixture();
  const link = new ScriptedLink();
  await fixture.node.attach(attachRequest('author'), link);
  broadcast(fixture, 1);
  fixture.flush();
  t.deepEqual(link.ids, [event(1).id]);
});

test('a follow announced before or during an activation is in force after it', async (t) => {
  const fixture = liveFixture();
  const { node, source } = fixture;
  node.setInterest(user('rita'), AUTHOR, true);
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  source.gate = () => opened;
  const link = new ScriptedLink();
  const attaching = node.attach(attachRequest('rita'), link);
  node.setInterest(user('rita'), user('second'), true);
  open();
  await attaching;
  node.broadcast(AUTHOR, event(1), null);
  node.broadcast(user('second'), event(2), null);
  fixture.flush();
  t.deepEqual(link.ids, [event(1).id, event(2).id]);
});

test('unacknowledged events are bounded in number; acknowledging makes room', async (t) => {
  const fixture = liveFixture();
  const { link, index } = await attached(fixture);
  broadcast(fixture, 1, 200);
  fixture.clock.advance(1000);
  broadcast(fixture, 201, 300);
  fixture.clock.advance(1000);
  t.is(link.ids.length, limits.windowEvents);
  t.true(fixture.node.acknowledge(index, 10));
  fixture.clock.advance(1000);
  t.is(link.ids.length, limits.windowEvents + 10);
  t.true(fixture.node.acknowledge(index, 10), 'once more is fine');
  t.false(fixture.node.acknowledge(index, limits.windowEvents + 11), 'was never sent');
  t.false(fixture.node.acknowledge(index, 10.5));
  t.false(fixture.node.acknowledge(index, -1));
});

test('unacknowledged bytes are bounded, and so is a frame', async (t) => {
  const fixture = liveFixture();
  const { link, index } = await attached(fixture);
  const data = JSON.stringify('x'.repeat(10_000));
  for (let number = 1; number <= 20; number++) {
    fixture.node.deliver(user('rita'), event(number, 'notification.new', data), null);
  }
  fixture.clock.advance(1000);
  const bytes = link.batches.reduce((sum, batch) => sum + batch.eventsJson.length, 0);
  t.true(bytes <= limits.windowBytes && bytes > limits.windowBytes - 11_000);
  t.true(link.batches.every((batch) => batch.eventsJson.length <= limits.eventsFrameBytesMax));
  for (let round = 0; round < 10; round++) {
    fixture.node.acknowledge(index, link.batches[0]?.seq ?? 0);
    fixture.node.acknowledge(index, link.lastSeq);
    fixture.clock.advance(1000);
  }
  t.is(link.ids.length, 20);
});

test('buffered counts as sent and holds the next frame back; dropped is sent again', async (t) => {
  const fixture = liveFixture();
  const { link, index } = await attached(fixture);
  link.outcomes = ['buffered', 'dropped'];
  broadcast(fixture, 1);
  fixture.flush();
  broadcast(fixture, 2);
  fixture.clock.advance(100);
  t.deepEqual(link.ids, [event(1).id]);
  fixture.node.writable(index);
  fixture.flush();
  t.deepEqual(link.ids, [event(1).id], 'the second was dropped');
  fixture.clock.advance(100);
  fixture.node.writable(index);
  fixture.flush();
  t.deepEqual(link.ids, [event(1).id, event(2).id]);
});

test('a session whose cursor fell off the ring is told once, when it shows life, and goes on from the head', async (t) => {
  const fixture = liveFixture({ logRingEvents: 8, windowEvents: 4, catchUpReplayEvents: 0 });
  const { link, index, epoch } = await attached(fixture);
  broadcast(fixture, 1, 30);
  fixture.clock.advance(100);
  t.is(link.notices.length, 1, 'it had room when it fell behind');
  broadcast(fixture, 31, 34);
  fixture.clock.advance(100);
  broadcast(fixture, 35, 60);
  fixture.clock.advance(100);
  t.is(link.notices.length, 1, 'its window is full');
  t.true(fixture.node.acknowledge(index, 34));
  fixture.flush();
  fixture.clock.advance(100);
  t.is(link.notices.length, 2);
  const notice = link.notices[1];
  t.true(notice?.kind === 'behind' && notice.epoch === epoch && notice.seq === 60);
  broadcast(fixture, 61);
  fixture.flush();
  t.is(link.batches.at(-1)?.seq, 61);
});

test('no acknowledgement in time ends the session; one that acknowledges stays', async (t) => {
  const fixture = liveFixture();
  const silent = await attached(fixture, 'rita');
  const alive = await attached(fixture, 'sam');
  for (let number = 1; number <= 5; number++) {
    broadcast(fixture, number);
    fixture.clock.advance(limits.acknowledgementDeadlineMs / 4);
    fixture.node.acknowledge(alive.index, alive.link.lastSeq);
  }
  fixture.clock.advance(2 * limits.liveSweepMs);
  t.deepEqual(silent.link.closed, ['no-acknowledgement']);
  t.deepEqual(alive.link.closed, []);
  t.is(fixture.node.count, 1);
});

test('a link that never has room again is ended', async (t) => {
  const fixture = liveFixture();
  const { link } = await attached(fixture);
  link.outcomes = ['dropped'];
  broadcast(fixture, 1);
  fixture.clock.advance(limits.acknowledgementDeadlineMs + 2 * limits.liveSweepMs);
  t.deepEqual(link.closed, ['too-slow']);
});

test('a link that has no room is waited for from the last acknowledgement on', async (t) => {
  const fixture = liveFixture();
  const { link, index } = await attached(fixture);
  link.outcomes = ['buffered'];
  broadcast(fixture, 1);
  fixture.clock.advance(limits.acknowledgementDeadlineMs / 2);
  t.true(fixture.node.acknowledge(index, 1));
  fixture.clock.advance((limits.acknowledgementDeadlineMs * 3) / 4);
  t.deepEqual(link.closed, [], 'it showed life half a deadline after the send');
  fixture.clock.advance(limits.acknowledgementDeadlineMs / 2);
  t.deepEqual(link.closed, ['too-slow']);
});

test('a phone that reconnects in time resumes exactly where it was, without a read', async (t) => {
  const fixture = liveFixture();
  const { index, epoch } = await attached(fixture);
  broadcast(fixture, 1, 2);
  fixture.flush();
  fixture.node.detach(index);
  broadcast(fixture, 3, 4);
  fixture.clock.advance(60_000);
  const reads = fixture.source.reads;
  const link = new ScriptedLink();
  const again = fixture.node.attachResident(attachRequest('rita', 'phone', { epoch, seq: 1 }), link);
  t.like(again, { mode: 'resumed', seq: 1, epoch });
  t.is(link.batches.length, 0, 'the welcome goes first');
  fixture.flush();
  t.deepEqual(link.ids, [event(2).id, event(3).id, event(4).id]);
  t.is(fixture.source.reads, reads);
});

test('a position that is not of this log, ahead of it, or off the ring is behind', async (t) => {
  const fixture = liveFixture({ logRingEvents: 4 });
  const { epoch } = await attached(fixture);
  broadcast(fixture, 1, 10);
  const modeOf = (resume: { epoch: string; seq: number }): string | undefined =>
    fixture.node.attachResident(attachRequest('rita', 'phone', resume), new ScriptedLink())?.mode;
  t.is(modeOf({ epoch: 'other', seq: 10 }), 'behind');
  t.is(modeOf({ epoch, seq: 11 }), 'behind');
  t.is(modeOf({ epoch, seq: 5 }), 'behind');
  t.is(modeOf({ epoch, seq: 6 }), 'resumed');
  t.is(modeOf({ epoch, seq: 10 }), 'resumed');
});

test('the same device again replaces the older connection; of too many devices the oldest goes', async (t) => {
  const fixture = liveFixture({ sessionsPerUserMax: 2 });
  const first = await attached(fixture, 'rita', 'phone');
  const second = await attached(fixture, 'rita', 'phone');
  t.deepEqual(first.link.closed, ['replaced']);
  const third = await attached(fixture, 'rita', 'tablet');
  const fourth = await attached(fixture, 'rita', 'web');
  t.deepEqual(second.link.closed, ['replaced']);
  t.deepEqual([third.link.closed, fourth.link.closed], [[], []]);
  t.is(fixture.node.count, 2);
});

test('an index that a replaced connection still holds is not given out again', async (t) => {
  const fixture = liveFixture();
  fixture.source.followed.set('rita', ['author']);
  const first = await fixture.node.attach(attachRequest('rita'), new ScriptedLink());
  const link = new ScriptedLink();
  const second = await fixture.node.attach(attachRequest('rita'), link);
  t.not(first.index, second.index);
  t.true(fixture.node.acknowledge(first.index, 5), 'what still comes from it is ignored');
  fixture.node.detach(first.index);
  broadcast(fixture, 1);
  fixture.flush();
  t.deepEqual(link.ids, [event(1).id]);
});

test('state is latest wins: coalesced, sent to every session, and sent when there is room again', async (t) => {
  const fixture = liveFixture();
  fixture.source.unreadNotifications = 2;
  const phone = await attached(fixture, 'rita', 'phone');
  const tablet = await attached(fixture, 'rita', 'tablet');
  t.deepEqual(phone.state, { unreadNotifications: 2 });
  tablet.link.outcomes = ['dropped'];
  fixture.node.setState(user('rita'), { unreadNotifications: 3 });
  fixture.node.setState(user('rita'), { unreadNotifications: 4 });
  fixture.flush();
  t.deepEqual(phone.link.notices, [{ kind: 'state', state: { unreadNotifications: 4 } }]);
  t.deepEqual(tablet.link.notices, []);
  fixture.node.setState(user('rita'), { unreadNotifications: 5 });
  fixture.node.writable(tablet.index);
  fixture.flush();
  t.deepEqual(tablet.link.notices, [{ kind: 'state', state: { unreadNotifications: 5 } }]);
});

test('a withdrawn post is a nop under its number, is not shown, and does not come back with a late copy', async (t) => {
  const fixture = liveFixture();
  const { link } = await attached(fixture);
  broadcast(fixture, 1, 3);
  fixture.node.withdrawPost(post(2));
  fixture.node.deliver(user('rita'), event(2), entry(2));
  fixture.flush();
  t.deepEqual(link.ids, [event(1).id, 'nop', event(3).id]);
  t.false(link.batches[0]?.eventsJson.toString().includes(post(2)));
  const shown = fixture.node.hotTimeline(user('rita'))?.entries.map((each) => each.postId);
  t.deepEqual(shown, [post(3), post(1)]);
});

test('the hot timeline and the position it is true for come together', async (t) => {
  const fixture = liveFixture({ hotTimelineEntries: 3 });
  fixture.source.entries.set('rita', [entry(2), entry(1)]);
  t.is(fixture.node.hotTimeline(user('rita')), null);
  const { epoch } = await attached(fixture);
  t.false(fixture.node.hotTimeline(user('rita'))?.truncated);
  broadcast(fixture, 5, 6);
  fixture.node.mergeTimeline(user('rita'), [entry(4), entry(5)]);
  const view = fixture.node.hotTimeline(user('rita'));
  t.deepEqual(
    view?.entries.map((each) => each.postId),
    [post(6), post(5), post(4)],
  );
  t.like(view, { truncated: true, epoch, seq: 2 });
});

test('when the bodies a node may hold are used up, nothing is lost silently: sessions are behind', async (t) => {
  const fixture = liveFixture({ eventBodiesMax: 3 });
  const { link } = await attached(fixture);
  broadcast(fixture, 1, 4);
  fixture.flush();
  t.like(link.notices[0], { kind: 'behind', seq: 4 });
  broadcast(fixture, 5);
  fixture.flush();
  t.deepEqual(link.ids, [event(5).id]);
});

test('a link that throws ends its own session and no other', async (t) => {
  const fixture = liveFixture();
  const bad = await attached(fixture, 'rita');
  const good = await attached(fixture, 'sam');
  bad.link.sendEvents = () => {
    throw new Error('broken pipe');
  };
  broadcast(fixture, 1);
  fixture.flush();
  t.deepEqual(bad.link.closed, ['internal']);
  t.deepEqual(good.link.ids, [event(1).id]);
});

test('a session that detaches while it is sent to is forgotten', async (t) => {
  const fixture = liveFixture();
  const { link, index } = await attached(fixture);
  link.sendEvents = () => {
    fixture.node.detach(index);
    return 'buffered';
  };
  broadcast(fixture, 1);
  fixture.flush();
  t.is(fixture.node.count, 0);
  const again = await attached(fixture);
  broadcast(fixture, 2);
  fixture.flush();
  t.deepEqual(again.link.ids, [event(2).id]);
});

test('an event larger than a frame may carry is refused', (t) => {
  const { node } = liveFixture();
  t.throws(() => node.broadcast(AUTHOR, event(1, 'post.new', JSON.stringify('x'.repeat(limits.eventBytesMax))), null));
});

test('every code the live room closes with has a close code', (t) => {
  for (const code of ['no-acknowledgement', 'too-slow', 'replaced', 'internal', 'overloaded'] as const) {
    t.true('closeCode' in ERRORS[code]);
  }
});
