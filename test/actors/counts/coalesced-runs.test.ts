import test from 'ava';
import { CoalescedRuns } from '../../../src/actors/counts/coalesced-runs.ts';
import { nextTurn } from '../../../src/clock.ts';

test('requests that come during a run share one more run, which starts after them', async (t) => {
  const runs = new CoalescedRuns();
  let committed = 1;
  const seen: number[] = [];
  const count = async () => {
    const value = committed;
    await nextTurn();
    seen.push(value);
  };

  const first = runs.run('post', count);
  committed = 2;
  const later = [runs.run('post', count), runs.run('post', count), runs.run('other', count)];
  await Promise.all([first, ...later]);

  t.deepEqual(seen, [1, 2, 2]);
  t.is(runs.size, 0);
});

test('a run that fails fails its own requests only', async (t) => {
  const runs = new CoalescedRuns();
  const failing = runs.run('post', async () => {
    await nextTurn();
    throw new Error('the store is away');
  });
  const next = runs.run('post', async () => undefined);

  await t.throwsAsync(failing, { message: 'the store is away' });
  await t.notThrowsAsync(next);
  t.is(runs.size, 0);
});
