import test from 'ava';
import { systemClock } from '../../../src/clock.ts';
import { composeId, EPOCH_MS, type UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import { AccountRepository, type ClaimRow } from '../../../src/storage/repositories/accounts.ts';

const THEN = EPOCH_MS + 1_000_000;
const LATER = THEN + limits.claimTakeoverMs;

function claimBy(user: number, claimedAtMs: number): ClaimRow {
  return { kind: 'username', value: 'ada', userId: composeId<UserId>(THEN, 0, user), claimedAtMs };
}

async function winners(accounts: AccountRepository, claimedAtMs: number): Promise<ClaimRow[]> {
  const all = Array.from({ length: 50 }, (_, index) => claimBy(index + 1, claimedAtMs));
  const won = await Promise.all(all.map((claim) => accounts.claim(claim)));
  return all.filter((_, index) => won[index]);
}

test('of many who claim a free name at once exactly one gets it, and it is theirs', async (t) => {
  const accounts = new AccountRepository(new MemoryStore({ clock: systemClock }));
  const [winner, ...others] = await winners(accounts, THEN);
  t.is(others.length, 0);
  t.is(await accounts.holder('username', 'ada'), winner?.userId ?? null);
});

test('of many who take over an abandoned claim at once exactly one gets it', async (t) => {
  const accounts = new AccountRepository(new MemoryStore({ clock: systemClock }));
  await accounts.claim(claimBy(99, THEN));
  t.deepEqual(await winners(accounts, LATER - 1), [], 'it is not abandoned yet');
  const [winner, ...others] = await winners(accounts, LATER);
  t.is(others.length, 0);
  t.is(await accounts.holder('username', 'ada'), winner?.userId ?? null);
});

test('a claim that was taken over can be neither renewed nor given back by whoever had it first', async (t) => {
  const accounts = new AccountRepository(new MemoryStore({ clock: systemClock }));
  const [first, second] = [claimBy(1, THEN), claimBy(2, LATER)];
  t.true(await accounts.claim(first));
  t.true(await accounts.claim(first), 'claiming again is fine');
  t.true(await accounts.claim(second));
  t.false(await accounts.renewClaim(first, LATER));
  await accounts.releaseClaim(first);
  t.is(await accounts.holder('username', 'ada'), second.userId);
  t.true(await accounts.renewClaim(second, LATER + 1));
  await accounts.releaseClaim(second);
  t.is(await accounts.holder('username', 'ada'), null);
});
