/** Guessing passwords of one account from many addresses. */
import test from 'ava';
import { Problem } from '../../../src/errors.ts';
import { GuessLimit } from '../../../src/gateway/auth/guess-limit.ts';
import { limits } from '../../../src/limits.ts';
import { ADA, HOME, refusal, StandingClock, World } from './world.ts';

let lastHost = 0;

/** A try from an address that was never seen before. */
function guess(node: Awaited<ReturnType<World['node']>>, login: string, password = 'wrong password'): Promise<string> {
  lastHost++;
  const clientAddress = `198.51.${Math.floor(lastHost / 256)}.${lastHost % 256}`;
  return refusal(node.accounts.login({ login, password, device: 'd', clientAddress }));
}

async function codes(count: number, one: () => Promise<string>): Promise<string[]> {
  const found: string[] = [];
  for (let index = 0; index < count; index++) found.push(await one());
  return found;
}

test('wrong passwords for one account are refused after a few, wherever they come from, known account or not', async (t) => {
  const node = await new World().node();
  await node.accounts.register(ADA);
  const expected = [
    ...Array.from({ length: limits.guessBurst }, () => 'invalid-credentials'),
    'rate-limited',
    'rate-limited',
  ];
  for (const login of ['ada', 'ada@example.org', 'nobody', 'nobody@example.org']) {
    t.deepEqual(await codes(limits.guessBurst + 2, () => guess(node, login)), expected, login);
  }
  t.is(await guess(node, 'ADA ', ADA.password), 'rate-limited', 'however it is typed');
});

test('guesses made at the same time are counted like those made one after another', async (t) => {
  const node = await new World().node();
  await node.accounts.register(ADA);
  const answers = await Promise.all(Array.from({ length: 30 }, () => guess(node, 'ada')));
  t.is(answers.filter((code) => code === 'invalid-credentials').length, limits.guessBurst);
});

test('after an attack the owner waits as long as told, not longer', async (t) => {
  const world = new World();
  const node = await world.node();
  await node.accounts.register(ADA);
  await codes(limits.guessBurst, () => guess(node, 'ada'));
  const refused = await t.throwsAsync(
    node.accounts.login({ login: 'ada', password: ADA.password, device: 'd', clientAddress: HOME }),
    { instanceOf: Problem },
  );
  t.true((refused.retryAfterMs ?? Infinity) <= limits.guessRefillMs);
  world.clock.advance(refused.retryAfterMs ?? 0);
  t.is(await guess(node, 'ada', ADA.password), 'accepted');
});

test('while an attack lasts the owner signs in from where they did before', async (t) => {
  const node = await new World().node();
  await node.accounts.register(ADA);
  const fromHome = (password: string) =>
    refusal(node.accounts.login({ login: 'ada', password, device: 'd', clientAddress: HOME }));
  t.is(await fromHome(ADA.password), 'accepted');
  await codes(limits.guessBurst, () => guess(node, 'ada'));
  t.is(await guess(node, 'ada', ADA.password), 'rate-limited');
  t.is(await fromHome(ADA.password), 'accepted');
  const neighbour = await codes(limits.guessBurst + 1, () => fromHome('wrong password'));
  t.is(neighbour.at(-1), 'rate-limited', 'a familiar network is counted as well');
});

test('signing in with the right password, and failures of the server, never use up guesses', async (t) => {
  const clock = new StandingClock();
  const guesses = new GuessLimit(clock);
  const attempt = (work: () => Promise<string | null>) =>
    refusal(guesses.attempt({ account: 'ada', clientAddress: HOME }, work));
  for (let index = 0; index < 3 * limits.guessBurst; index++) {
    t.is(await attempt(() => Promise.resolve('ada')), 'accepted');
    t.is(await attempt(() => Promise.reject(new Problem('overloaded'))), 'overloaded');
  }
});

test('however many names are tried, only so many are remembered', async (t) => {
  const guesses = new GuessLimit(new StandingClock(), 3);
  const wrong = (account: string) =>
    refusal(guesses.attempt({ account, clientAddress: HOME }, () => Promise.resolve(null)));
  await codes(limits.guessBurst, () => wrong('first'));
  t.is(await wrong('first'), 'rate-limited');
  for (const name of ['a', 'b', 'c']) await wrong(name);
  t.is(await wrong('first'), 'accepted', 'forgotten: the oldest went');
});
