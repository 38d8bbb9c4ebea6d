import test from 'ava';
import { limits } from '../../../src/limits.ts';
import { attachRequest, entry, event, liveFixture, ScriptedLink, user } from '../../support/live.ts';
import { settlePromises } from '../../support/manual-clock.ts';

/** A gate that holds every read back until it is opened. */
function gate(): { wait: () => Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { wait: () => opened, open };
}

test('whoever needs an actor at the same time shares one activation', async (t) => {
  const { node, source } = liveFixture();
  const sessions = await Promise.all(
    Array.from({ length: 10 }, (_, index) => node.attach(attachRequest('rita', `device${index}`), new ScriptedLink())),
  );
  t.is(source.reads, 1);
  t.is(new Set(sessions.map((session) => session.epoch)).size, 1);
  t.is(node.count, 10);
});

test('what arrives during the read is in the log and in the timeline when the actor opens', async (t) => {
  const fixture = liveFixture();
  const { node, source } = fixture;
  const { wait, open } = gate();
  source.gate = wait;
  source.entries.set('rita', [entry(1)]);
  const attaching = node.attach(attachRequest('rita'), new ScriptedLink());
  await settlePromises();
  t.is(node.attachResident(attachRequest('rita'), new ScriptedLink()), null);
  t.is(node.hotTimeline(user('rita')), null);
  node.deliver(user('rita'), event(2), entry(2));
  node.setState(user('rita'), { unreadNotifications: 9 });
  open();
  const session = await attaching;
  t.is(session.seq, 1);
  t.deepEqual(session.state, { unreadNotifications: 9 });
  t.is(node.hotTimeline(user('rita'))?.entries.length, 2);
});

test('what was published while it was not known whom the user follows is read again, and is on the timeline', async (t) => {
  const { node, source } = liveFixture();
  const { wait, open } = gate();
  source.gate = wait;
  source.followed.set('rita', ['author']);
  source.entries.set('rita', [entry(1)]);
  const attaching = node.attach(attachRequest('rita'), new ScriptedLink());
  await settlePromises();
  // Of an author whose list is read: nothing is delivered later. The entries were read before it was written.
  source.entries.set('rita', [entry(2), entry(1)]);
  node.broadcast(user('author'), event(2), entry(2));
  open();
  await attaching;
  t.deepEqual(
    node.hotTimeline(user('rita'))?.entries.map((each) => each.postId),
    [entry(2).postId, entry(1).postId],
  );
  t.is(source.entryReads, 2);
});

test('entries are read once when only others published meanwhile, and again when it cannot be told who did', async (t) => {
  const { node, source } = liveFixture({ activationBroadcasts: 2 });
  source.followed.set('rita', ['author']);
  const attachWhile = async (publish: () => void): Promise<number> => {
    const { wait, open } = gate();
    source.gate = wait;
    const before = source.entryReads;
    const attaching = node.attach(attachRequest('rita'), new ScriptedLink());
    await settlePromises();
    publish();
    open();
    const { index } = await attaching;
    node.detach(index);
    node.endActivation(user('rita'));
    return source.entryReads - before;
  };
  const others = (count: number) => () => {
    for (let number = 0; number < count; number++) node.broadcast(user('somebody'), event(100 + number), null);
  };
  t.is(await attachWhile(() => {}), 1);
  t.is(await attachWhile(others(2)), 1);
  t.is(await attachWhile(others(3)), 2);
});

test('a read that fails rejects everyone who waits and leaves nothing; the next attach reads anew', async (t) => {
  const { node, source } = liveFixture();
  source.gate = () => Promise.reject(new Error('the store is away'));
  const attempts = await Promise.allSettled([
    node.attach(attachRequest('rita', 'a'), new ScriptedLink()),
    node.attach(attachRequest('rita', 'b'), new ScriptedLink()),
  ]);
  for (const attempt of attempts) {
    t.is(attempt.status, 'rejected');
    if (attempt.status === 'rejected') t.like(attempt.reason, { code: 'unavailable' });
  }
  t.is(node.residentCount, 0);
  source.gate = async () => {};
  t.is((await node.attach(attachRequest('rita'), new ScriptedLink())).mode, 'fresh');
});

test('a read that hangs is given up, and does no harm when it ends after all', async (t) => {
  const fixture = liveFixture();
  const { node, source, clock } = fixture;
  const { wait, open } = gate();
  source.gate = wait;
  source.followed.set('rita', ['author']);
  const hanging = t.throwsAsync(node.attach(attachRequest('rita'), new ScriptedLink()), { message: /unavailable/ });
  await clock.advanceAsync(limits.activationTimeoutMs + limits.liveSweepMs);
  await hanging;
  t.is(node.residentCount, 0);
  source.gate = async () => {};
  const link = new ScriptedLink();
  await node.attach(attachRequest('sam'), link);
  open();
  await settlePromises();
  node.broadcast(user('author'), event(1), null);
  fixture.flush();
  t.deepEqual(link.ids, [], "rita's interest was not registered for sam");
});

test('activations under way are bounded, and so are those that wait', async (t) => {
  const { node, source } = liveFixture({ activationsConcurrent: 2, activationsWaitingMax: 1 });
  const { wait, open } = gate();
  source.gate = wait;
  const attaching = ['a', 'b', 'c'].map((name) => node.attach(attachRequest(name), new ScriptedLink()));
  await settlePromises();
  t.is(source.reads, 2);
  await t.throwsAsync(node.attach(attachRequest('d'), new ScriptedLink()), { message: /overloaded/ });
  open();
  await Promise.all(attaching);
  t.is(source.reads, 3);
});

test('an actor stays while someone is connected, resumes within its idle time, and is gone after it', async (t) => {
  const { node, clock } = liveFixture();
  const { index, epoch } = await node.attach(attachRequest('rita'), new ScriptedLink());
  clock.advance(3 * limits.actorIdleMs);
  t.is(node.residentCount, 1);
  node.detach(index);
  clock.advance(limits.actorIdleMs - 70_000);
  const resume = { epoch, seq: 0 };
  const again = node.attachResident(attachRequest('rita', 'phone', resume), new ScriptedLink());
  t.is(again?.mode, 'resumed');
  node.detach(again?.index ?? -1);
  clock.advance(limits.actorIdleMs + 70_000);
  t.is(node.residentCount, 0);
  const late = await node.attach(attachRequest('rita', 'phone', resume), new ScriptedLink());
  t.is(late.mode, 'behind');
  t.not(late.epoch, epoch);
});

test('a full node lets idle actors go for new ones, and refuses when nobody is idle', async (t) => {
  const { node } = liveFixture({ residentActorsMax: 3 });
  const indexes: number[] = [];
  for (const name of ['a', 'b', 'c']) {
    indexes.push((await node.attach(attachRequest(name), new ScriptedLink())).index);
  }
  await t.throwsAsync(node.attach(attachRequest('d'), new ScriptedLink()), { message: /overloaded/ });
  node.detach(indexes[0] ?? -1);
  t.is((await node.attach(attachRequest('d'), new ScriptedLink())).mode, 'fresh');
  t.is(node.residentCount, 3);
});

test('ending an activation closes its sessions; the next attach is a new epoch', async (t) => {
  const { node } = liveFixture();
  const link = new ScriptedLink();
  const { index, epoch } = await node.attach(attachRequest('rita'), link);
  link.onClose = () => node.detach(index);
  node.endActivation(user('rita'));
  t.deepEqual(link.closed, ['internal']);
  t.is(node.residentCount, 0);
  t.not((await node.attach(attachRequest('rita'), new ScriptedLink())).epoch, epoch);
});
