import test from 'ava';
import { OWASP_COST, Passwords } from '../../../src/gateway/auth/passwords.ts';
import { CHEAP, refusal } from './world.ts';

const open = (concurrent: number, waiting: number, cost = CHEAP) =>
  Passwords.open({ cost, concurrent, waiting }, 'no one could guess this');

test('a password matches its own hash only, however its characters were composed', async (t) => {
  const passwords = await open(2, 8);
  const kept = await passwords.hash('pässword');
  t.true(await passwords.matches('pässword', kept));
  t.true(await passwords.matches('pa\u0308ssword', kept));
  t.false(await passwords.matches('password', kept));
  t.not(await passwords.hash('pässword'), kept, 'every hash has its own salt');
});

test('hashes are Argon2id at the recommended cost', async (t) => {
  const passwords = await open(1, 1, OWASP_COST);
  t.regex(await passwords.hash('correct horse'), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});

test('a user that does not exist never matches, not even with the text behind the decoy', async (t) => {
  const passwords = await open(1, 1);
  t.false(await passwords.matches('no one could guess this', null));
});

test('beyond those at work and those waiting, more is refused as overload, and all others are served', async (t) => {
  const passwords = await open(2, 3);
  const outcomes = await Promise.all(Array.from({ length: 9 }, () => refusal(passwords.hash('correct horse'))));
  t.is(outcomes.filter((outcome) => outcome === 'accepted').length, 5);
  t.is(outcomes.filter((outcome) => outcome === 'overloaded').length, 4);
  t.is(await refusal(passwords.hash('correct horse')), 'accepted');
});

test('a check that fails gives its place back', async (t) => {
  const passwords = await open(1, 4);
  for (let attempt = 0; attempt < 3; attempt++) await t.throwsAsync(passwords.matches('x', 'not a hash'));
  t.true(await passwords.matches('x', await passwords.hash('x')));
});
