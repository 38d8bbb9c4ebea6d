import test from 'ava';
import { Problem } from '../../../src/errors.ts';
import { RevocationList } from '../../../src/gateway/auth/revocation-list.ts';
import { composeId, type SessionId, type UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/log.ts';
import { minuteOf } from '../../../src/storage/buckets.ts';
import { SessionRepository } from '../../../src/storage/repositories/sessions.ts';
import { revocations } from '../../../src/storage/tables/accounts.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ADA, failing, refusal, refusalNow, World } from './world.ts';

const userId = composeId<UserId>(0, 0, 1);

function listOf(world: World, store = world.store as ConstructorParameters<typeof SessionRepository>[0]) {
  return RevocationList.open({
    sessions: new SessionRepository(store, world.clock),
    clock: world.clock,
    log: silentLogger,
  });
}

test('a session revoked on one node is refused on every other within five seconds, and its listeners hear it once', async (t) => {
  const world = new World();
  const [here, there] = await Promise.all([world.node(), world.node()]);
  const { user, accessToken } = await here.accounts.register(ADA);
  const { sessionId } = there.authenticator.accessToken(accessToken);
  const heard: string[] = [];
  there.authenticator.onRevoked((revoked) => heard.push(revoked));

  await here.accounts.logout(user.id, sessionId);
  let waitedMs = 0;
  while (heard.length === 0 && waitedMs < 5_000) {
    world.clock.advance(100);
    waitedMs += 100;
    await new Promise(setImmediate);
  }
  t.true(waitedMs <= 5_000 && heard.length === 1, `heard after ${waitedMs} ms`);
  t.is(
    refusalNow(() => there.authenticator.accessToken(accessToken)),
    'session-revoked',
  );
  for (let poll = 0; poll < 5; poll++) {
    world.clock.advance(limits.revocationPollMs);
    await new Promise(setImmediate);
  }
  t.deepEqual(heard, [sessionId]);
});

test('a node that starts knows what was revoked while it was away, as long as a token could live', async (t) => {
  const world = new World();
  const sessions = new SessionRepository(world.store, world.clock);
  const revoked: SessionId[] = [];
  for (let minute = 0; minute < 16; minute++) {
    const sessionId = composeId<SessionId>(world.clock.now(), 1, minute);
    await sessions.revoke(userId, sessionId);
    revoked.push(sessionId);
    world.clock.advance(60_000);
  }
  const list = await listOf(world);
  t.deepEqual(
    revoked.filter((sessionId) => !list.has(sessionId)),
    [],
  );
});

test('a revocation that was written late, or by a clock that is ahead, is not missed', async (t) => {
  const world = new World();
  // Ten seconds into a minute: half a minute ago was another one.
  world.clock.advance(70_000 - (world.clock.now() % 60_000));
  const list = await listOf(world);
  const now = world.clock.now();
  const late = composeId<SessionId>(now, 1, 1);
  const early = composeId<SessionId>(now, 1, 2);
  for (let poll = 0; poll < 5; poll++) {
    world.clock.advance(limits.revocationPollMs);
    await new Promise(setImmediate);
  }
  const lateMs = now - limits.lateWriteMs;
  const earlyMs = now + 2 * limits.lateWriteMs;
  await world.store.put(revocations, { minute: minuteOf(lateMs), sessionId: late, userId, revokedAtMs: lateMs });
  await world.store.put(revocations, { minute: minuteOf(earlyMs), sessionId: early, userId, revokedAtMs: earlyMs });
  world.clock.advance(limits.revocationPollMs);
  await waitFor('both', () => list.has(late) && list.has(early));
  t.pass();
});

test('more revocations in a minute than fit a page are all found', async (t) => {
  const world = new World();
  const now = world.clock.now();
  const count = 2 * limits.revocationPage + 1;
  const ids = Array.from({ length: count }, (_, index) => composeId<SessionId>(now + index, 1, 0));
  for (const sessionId of ids) {
    await world.store.put(revocations, { minute: minuteOf(now), sessionId, userId, revokedAtMs: now });
  }
  const list = await listOf(world);
  t.true(ids.every((sessionId) => list.has(sessionId)));
});

test('while the store is away the list says that it is not fresh, and the session is asked for instead', async (t) => {
  const world = new World();
  let away = false;
  const store = failing(world.store, (_, table) => away && table === 'revocations', new Problem('unavailable'));
  const [here, there] = await Promise.all([world.node(), world.node({ store })]);
  const { user, accessToken } = await here.accounts.register(ADA);
  const { sessionId } = there.authenticator.accessToken(accessToken);
  t.true(there.authenticator.fresh);
  t.is(await refusal(there.authenticator.confirm(sessionId)), 'accepted');

  away = true;
  await here.accounts.logout(user.id, sessionId);
  while (there.authenticator.fresh) {
    world.clock.advance(limits.revocationPollMs);
    await new Promise(setImmediate);
  }
  t.is(
    refusalNow(() => there.authenticator.accessToken(accessToken)),
    'accepted',
    'the list cannot know',
  );
  t.is(await refusal(there.authenticator.confirm(sessionId)), 'session-revoked');
  t.is(await refusal(there.authenticator.confirm(composeId<SessionId>(0, 0, 9))), 'session-revoked');

  away = false;
  world.clock.advance(limits.revocationPollMs);
  await waitFor('fresh again', () => there.authenticator.fresh);
  t.is(
    refusalNow(() => there.authenticator.accessToken(accessToken)),
    'session-revoked',
  );
});

test('a node does not start without knowing the revocations', async (t) => {
  const world = new World();
  const store = failing(world.store, (_, table) => table === 'revocations', new Problem('unavailable'));
  t.is(await refusal(world.node({ store })), 'unavailable');
});

test('one listener that fails keeps nothing from the others', async (t) => {
  const world = new World();
  const list = await listOf(world);
  const heard: string[] = [];
  list.onRevoked(() => {
    throw new Error('a fault of the listener');
  });
  const stop = list.onRevoked((sessionId) => heard.push(sessionId));
  const [first, second] = [composeId<SessionId>(0, 0, 1), composeId<SessionId>(0, 0, 2)];
  list.hear(first);
  stop();
  list.hear(second);
  t.deepEqual(heard, [first]);
});

test('after closing, the list polls no more', async (t) => {
  const world = new World();
  let reads = 0;
  const store = failing(
    world.store,
    (_, table) => {
      if (table === 'revocations') reads++;
      return false;
    },
    new Error('never'),
  );
  const list = await listOf(world, store);
  await list.close();
  const before = reads;
  world.clock.advance(10 * limits.revocationPollMs);
  await new Promise(setImmediate);
  t.is(reads, before);
});
