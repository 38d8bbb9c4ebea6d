import test from 'ava';
import { Problem } from '../../../src/errors.ts';
import { limits } from '../../../src/limits.ts';
import { users } from '../../../src/storage/tables/accounts.ts';
import { ADA, HOME, failing, refusal, refusalNow, World } from './world.ts';

async function countUsers(world: World, state: 'active' | 'gone'): Promise<number> {
  let count = 0;
  for await (const user of world.store.scan(users)) if (user.state === state) count++;
  return count;
}

test('whoever signed up can sign in by name and by address, however they are typed', async (t) => {
  const { accounts, authenticator } = await new World().node();
  const { user } = await accounts.register({ ...ADA, username: '  Ada', email: 'ADA@Example.ORG' });
  t.is(user.username, 'ada');
  for (const login of ['ada', 'ADA ', 'ada@example.org', 'Ada@EXAMPLE.org', 'ａｄａ']) {
    const again = await accounts.login({ login, password: ADA.password, clientAddress: HOME, device: 'tablet' });
    t.is(again.user.id, user.id, login);
    t.is(authenticator.accessToken(again.accessToken).userId, user.id);
    t.is(again.expiresIn, limits.accessTokenSeconds);
  }
});

test('an unknown name and a wrong password are refused in the same words', async (t) => {
  const { accounts } = await new World().node();
  await accounts.register(ADA);
  const message = async (login: string, password: string): Promise<string> => {
    const error = await t.throwsAsync(accounts.login({ login, password, clientAddress: HOME, device: 'd' }), {
      instanceOf: Problem,
    });
    return `${error.code} ${error.detail}`;
  };
  const wrong = await message('ada', 'wrong password');
  t.is(await message('nobody', 'wrong password'), wrong);
  t.is(await message('nobody@example.org', ADA.password), wrong);
  t.is(await message('ada', ''), wrong);
  t.is(await message('', ''), wrong);
});

test('an unknown name costs the store as much as a known one with a wrong password', async (t) => {
  const world = new World();
  const asked: string[] = [];
  const store = failing(
    world.store,
    (method, table) => {
      asked.push(`${method} ${table}`);
      return false;
    },
    new Error('never'),
  );
  const { accounts } = await world.node({ store });
  await accounts.register(ADA);
  const costs: string[][] = [];
  for (const login of ['ada', 'nobody', 'nobody@example.org']) {
    asked.length = 0;
    await refusal(accounts.login({ login, password: 'wrong password', clientAddress: HOME, device: 'd' }));
    costs.push([...asked]);
  }
  t.true((costs[0] ?? []).length >= 3);
  t.deepEqual(costs[1], costs[0]);
  t.deepEqual(costs[2], costs[0]);
});

test('names, addresses and passwords against the rules are refused, each field with its reason', async (t) => {
  const { accounts } = await new World().node();
  const fields = async (changes: Partial<typeof ADA | Record<string, string>>): Promise<string[]> => {
    const error = await t.throwsAsync(accounts.register({ ...ADA, ...changes }), { instanceOf: Problem });
    t.is(error.code, 'invalid-request');
    return error.fields.map(({ field }) => field);
  };
  const badNames = [
    'ab',
    'x'.repeat(31),
    'a b c',
    'a-b-c',
    '...',
    '.ada',
    'ada.',
    'a..b',
    'admin',
    'ADMIN',
    'аda',
    'ada\0',
  ];
  for (const username of badNames) t.deepEqual(await fields({ username }), ['username'], username);
  const badAddresses = [
    'ada',
    'ada@',
    '@example.org',
    'ada@localhost',
    'a b@example.org',
    'a@b@example.org',
    'a@-x.org',
  ];
  for (const email of badAddresses) t.deepEqual(await fields({ email }), ['email'], email);
  for (const password of ['short', 'x'.repeat(257), 'long enough \ud800']) {
    t.deepEqual(await fields({ password }), ['password']);
  }
  t.deepEqual(await fields({ username: '', email: '', password: '' }), ['username', 'email', 'password']);
});

test('of 100 who want one name at once exactly one gets it', async (t) => {
  const world = new World();
  const nodes = await Promise.all([world.node(), world.node(), world.node()]);
  const attempts = Array.from({ length: 100 }, (_, index) => {
    const node = nodes[index % nodes.length] as (typeof nodes)[number];
    return refusal(node.accounts.register({ ...ADA, email: `ada${index}@example.org` }));
  });
  const outcomes = await Promise.all(attempts);
  t.is(outcomes.filter((outcome) => outcome === 'accepted').length, 1);
  t.is(outcomes.filter((outcome) => outcome === 'username-taken').length, 99);
  t.is(await countUsers(world, 'active'), 1);
});

test('of 100 who want one address at once exactly one gets it, and the names of the others stay free', async (t) => {
  const world = new World();
  const { accounts } = await world.node();
  const register = (index: number, email: string) =>
    refusal(accounts.register({ ...ADA, username: `ada_${index}`, email }));
  const outcomes = await Promise.all(Array.from({ length: 60 }, (_, index) => register(index, ADA.email)));
  t.is(outcomes.filter((outcome) => outcome === 'accepted').length, 1);
  const losers = outcomes.flatMap((outcome, index) => (outcome === 'email-taken' ? [index] : []));
  t.is(losers.length, 59);
  for (const index of losers.slice(0, 5)) t.is(await register(index, `own${index}@example.org`), 'accepted');
});

test('a registration whose rows could not be written blocks neither name nor address', async (t) => {
  const world = new World();
  let failures = 1;
  const store = failing(world.store, (method) => method === 'batch' && failures-- > 0, new Problem('unavailable'));
  const { accounts } = await world.node({ store });
  t.is(await refusal(accounts.register(ADA)), 'unavailable');
  t.is(await refusal(accounts.register(ADA)), 'accepted');
  t.is(await countUsers(world, 'active'), 1);
});

test('a registration that died after its claims blocks them for ten minutes and no longer', async (t) => {
  const world = new World();
  let away = true;
  const store = failing(
    world.store,
    (method) => away && ['batch', 'compareAndRemove'].includes(method),
    new Problem('unavailable'),
  );
  const { accounts } = await world.node({ store });
  t.is(await refusal(accounts.register(ADA)), 'unavailable');
  away = false;
  t.is(await refusal(accounts.register(ADA)), 'username-taken');
  world.clock.advance(limits.claimTakeoverMs);
  t.is(await refusal(accounts.register(ADA)), 'accepted');
  t.is(
    await refusal(accounts.login({ login: 'ada', password: ADA.password, clientAddress: HOME, device: 'd' })),
    'accepted',
  );
});

test('of many who take over an abandoned claim at once exactly one gets it', async (t) => {
  const world = new World();
  const dead = failing(
    world.store,
    (method) => ['batch', 'compareAndRemove'].includes(method),
    new Problem('unavailable'),
  );
  await refusal((await world.node({ store: dead })).accounts.register(ADA));
  world.clock.advance(limits.claimTakeoverMs);
  const { accounts } = await world.node();
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, index) => refusal(accounts.register({ ...ADA, email: `ada${index}@example.org` }))),
  );
  t.is(outcomes.filter((outcome) => outcome === 'accepted').length, 1);
  t.is(await countUsers(world, 'active'), 1);
});

test('a claim that a user followed is never taken over', async (t) => {
  const world = new World();
  const { accounts } = await world.node();
  await accounts.register(ADA);
  world.clock.advance(10 * limits.claimTakeoverMs);
  t.is(await refusal(accounts.register({ ...ADA, email: 'b@example.org' })), 'username-taken');
  t.is(await refusal(accounts.register({ ...ADA, username: 'other' })), 'email-taken');
});

test('whoever slept through the take-over of a claim does not become a second user of the name', async (t) => {
  const world = new World();
  const quick = await world.node();
  let slept = false;
  // The write of the user row takes eleven minutes, in which someone else registers the same name.
  const store = new Proxy(world.store, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return async (...parameters: unknown[]): Promise<unknown> => {
        if (property === 'batch' && !slept) {
          slept = true;
          world.clock.advance(limits.claimTakeoverMs + 60_000);
          t.is(await refusal(quick.accounts.register(ADA)), 'accepted');
        }
        return Reflect.apply(member, target, parameters);
      };
    },
  });
  const slow = await world.node({ store });
  t.is(await refusal(slow.accounts.register({ ...ADA, password: 'another password' })), 'timeout');
  t.is(await countUsers(world, 'active'), 1);
  t.is(
    await refusal(quick.accounts.login({ login: 'ada', password: ADA.password, clientAddress: HOME, device: 'd' })),
    'accepted',
  );
  t.is(
    await refusal(
      slow.accounts.login({ login: 'ada', password: 'another password', clientAddress: HOME, device: 'd' }),
    ),
    'invalid-credentials',
  );
});

test('a suspended user is told so after the right password only, and cannot refresh', async (t) => {
  const world = new World();
  const { accounts } = await world.node();
  const { refreshToken } = await accounts.register(ADA);
  for await (const row of world.store.scan(users)) {
    await world.store.put(users, { ...row, state: 'suspended', revision: row.revision + 1 });
  }
  t.is(
    await refusal(accounts.login({ login: 'ada', password: ADA.password, clientAddress: HOME, device: 'd' })),
    'forbidden',
  );
  t.is(
    await refusal(accounts.login({ login: 'ada', password: 'wrong password', clientAddress: HOME, device: 'd' })),
    'invalid-credentials',
  );
  t.is(await refusal(accounts.refresh(refreshToken)), 'forbidden');
});

test('signing in on one device too many ends the oldest', async (t) => {
  const world = new World();
  const { accounts, authenticator } = await world.node();
  const first = await accounts.register(ADA);
  for (let device = 0; device < limits.signedInDevicesMax; device++) {
    t.is(
      refusalNow(() => authenticator.accessToken(first.accessToken)),
      'accepted',
    );
    world.clock.advance(10);
    await accounts.login({ login: 'ada', password: ADA.password, clientAddress: HOME, device: `device ${device}` });
  }
  t.is(
    refusalNow(() => authenticator.accessToken(first.accessToken)),
    'session-revoked',
  );
});
