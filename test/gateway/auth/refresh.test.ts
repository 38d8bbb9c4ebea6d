import test from 'ava';
import { Problem } from '../../../src/errors.ts';
import { Secrets } from '../../../src/gateway/auth/secrets.ts';
import { limits } from '../../../src/limits.ts';
import { ADA, HOME, failing, refusal, refusalNow, SECRET, World } from './world.ts';

test('each refresh gives tokens that work, and a refresh token that works once', async (t) => {
  const world = new World();
  const { accounts, authenticator } = await world.node();
  let { refreshToken, user } = await accounts.register(ADA);
  const seen = new Set<string>();
  for (let round = 0; round < 5; round++) {
    seen.add(refreshToken);
    world.clock.advance(limits.accessTokenSeconds * 1000);
    const next = await accounts.refresh(refreshToken);
    t.is(authenticator.accessToken(next.accessToken).userId, user.id);
    refreshToken = next.refreshToken;
  }
  t.is(seen.size, 5);
});

test('two refreshes at once get the same successor, on whatever node they arrive', async (t) => {
  const world = new World();
  const [one, other] = await Promise.all([world.node(), world.node()]);
  const { refreshToken } = await one.accounts.register(ADA);
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? one : other).accounts.refresh(refreshToken)),
  );
  t.is(new Set(answers.map((answer) => answer.refreshToken)).size, 1);
  t.is(await refusal(other.accounts.refresh(answers[0]?.refreshToken ?? '')), 'accepted');
});

test('a lost answer can be asked for again for a while, then the session ends', async (t) => {
  const world = new World();
  const { accounts } = await world.node();
  const { refreshToken: first } = await accounts.register(ADA);
  const { refreshToken: second } = await accounts.refresh(first);
  world.clock.advance(limits.refreshGraceMs);
  t.is((await accounts.refresh(first)).refreshToken, second);
  world.clock.advance(1);
  t.is(await refusal(accounts.refresh(first)), 'session-revoked');
  t.is(await refusal(accounts.refresh(second)), 'session-revoked', 'the whole family is gone');
});

test('a rotation that was held up never takes a session back to an older generation', async (t) => {
  const world = new World();
  const quick = await world.node();
  const { refreshToken: first } = await quick.accounts.register(ADA);
  let latest = first;
  const store = new Proxy(world.store, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return async (...parameters: unknown[]): Promise<unknown> => {
        if (property === 'compareAndPut' && latest === first) {
          for (let round = 0; round < 3; round++) latest = (await quick.accounts.refresh(latest)).refreshToken;
        }
        return Reflect.apply(member, target, parameters);
      };
    },
  });
  const slow = await world.node({ store });
  t.is(await refusal(slow.accounts.refresh(first)), 'session-revoked', 'by then it is an old token');
  t.is(await refusal(quick.accounts.refresh(latest)), 'session-revoked');
});

test('a rotation whose outcome is unknown can be repeated', async (t) => {
  const world = new World();
  const { accounts } = await world.node();
  const { refreshToken } = await accounts.register(ADA);
  // The write happens, its answer does not come.
  const store = new Proxy(world.store, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return async (...parameters: unknown[]): Promise<unknown> => {
        const result: unknown = await Reflect.apply(member, target, parameters);
        if (property === 'compareAndPut') throw new Problem('timeout');
        return result;
      };
    },
  });
  const shaky = await world.node({ store });
  t.is(await refusal(shaky.accounts.refresh(refreshToken)), 'timeout');
  const next = await accounts.refresh(refreshToken);
  t.is(await refusal(accounts.refresh(next.refreshToken)), 'accepted');
});

test('a token older than the predecessor ends the session even within the grace', async (t) => {
  const world = new World();
  const { accounts, authenticator } = await world.node();
  const { refreshToken: first } = await accounts.register(ADA);
  const { refreshToken: second } = await accounts.refresh(first);
  const third = await accounts.refresh(second);
  t.is(await refusal(accounts.refresh(first)), 'session-revoked');
  t.is(
    refusalNow(() => authenticator.accessToken(third.accessToken)),
    'session-revoked',
  );
  t.is(await refusal(accounts.refresh(third.refreshToken)), 'session-revoked');
});

test('a session ends when it was not used for long, and at its greatest age even if it was', async (t) => {
  const world = new World();
  const { accounts } = await world.node();
  const idle = await accounts.register(ADA);
  world.clock.advance(limits.refreshTokenRetentionMs);
  t.is(await refusal(accounts.refresh(idle.refreshToken)), 'unauthenticated');
  let busy = await accounts.login({ login: 'ada', password: ADA.password, clientAddress: HOME, device: 'd' });
  const step = limits.refreshTokenRetentionMs / 2;
  for (let age = step; age < limits.sessionLifetimeMs; age += step) {
    world.clock.advance(step);
    busy = await accounts.refresh(busy.refreshToken);
  }
  world.clock.advance(step);
  t.is(await refusal(accounts.refresh(busy.refreshToken)), 'unauthenticated');
});

test('what is no refresh token is refused, and so is one of another server', async (t) => {
  const world = new World();
  const { accounts } = await world.node();
  const stranger = await world.node({ secrets: new Secrets(['the secret of quite another server, really']) });
  const { refreshToken, accessToken } = await accounts.register(ADA);
  t.is(await refusal(stranger.accounts.refresh(refreshToken)), 'unauthenticated');
  for (const text of [
    '',
    '.',
    '....',
    accessToken,
    refreshToken.slice(1),
    refreshToken.slice(0, -1),
    `${refreshToken}.x`,
  ]) {
    t.is(await refusal(accounts.refresh(text)), 'unauthenticated', text);
  }
  t.is(await refusal(accounts.refresh(refreshToken)), 'accepted');
});

test('a refresh token outlives the replacement of the root secret', async (t) => {
  const world = new World();
  const before = await world.node();
  const { refreshToken } = await before.accounts.register(ADA);
  const after = await world.node({ secrets: new Secrets(['the new secret, fresh from the generator', SECRET]) });
  const next = await after.accounts.refresh(refreshToken);
  t.is(await refusal(after.accounts.refresh(next.refreshToken)), 'accepted');
  t.is(await refusal(before.accounts.refresh(next.refreshToken)), 'unauthenticated');
});

test('after signing out nothing of the session works, and signing out again is fine', async (t) => {
  const world = new World();
  const { accounts, authenticator } = await world.node();
  const { user, accessToken, refreshToken } = await accounts.register(ADA);
  const { sessionId } = authenticator.accessToken(accessToken);
  const ticket = authenticator.issueTicket(user.id, sessionId, 'phone');
  const heard: string[] = [];
  authenticator.onRevoked((revoked) => heard.push(revoked));
  await accounts.logout(user.id, sessionId);
  t.is(
    refusalNow(() => authenticator.accessToken(accessToken)),
    'session-revoked',
  );
  t.is(
    refusalNow(() => authenticator.ticket(ticket)),
    'session-revoked',
  );
  t.is(await refusal(accounts.refresh(refreshToken)), 'session-revoked');
  await accounts.logout(user.id, sessionId);
  t.deepEqual(heard, [sessionId]);
});

test('a sign-out that failed half-way can be repeated', async (t) => {
  const world = new World();
  let failures = 1;
  const store = failing(
    world.store,
    (method, table) => method === 'put' && table === 'revocations' && failures-- > 0,
    new Problem('unavailable'),
  );
  const { accounts, authenticator } = await world.node({ store });
  const other = await world.node();
  const { user, accessToken } = await accounts.register(ADA);
  const { sessionId } = authenticator.accessToken(accessToken);
  t.is(await refusal(accounts.logout(user.id, sessionId)), 'unavailable');
  t.is(await refusal(accounts.logout(user.id, sessionId)), 'accepted');
  t.is(await refusal(other.authenticator.confirm(sessionId)), 'session-revoked');
});
