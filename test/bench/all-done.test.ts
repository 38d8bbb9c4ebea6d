import test from 'ava';
import { allDone } from '../../bench/harness/all-done.ts';

test('gives all results in their order', async (t) => {
  t.deepEqual(await allDone([Promise.resolve(1), Promise.resolve('two')]), [1, 'two']);
});

test('a failure is told only when everything else is done', async (t) => {
  let finish = (): void => undefined;
  const slow = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const told: string[] = [];
  const both = allDone([Promise.reject(new Error('no port')), slow.then(() => told.push('done'))]);
  const failed = both.catch((error: Error) => told.push(error.message));
  await new Promise(setImmediate);
  t.deepEqual(told, []);

  finish();
  await failed;
  t.deepEqual(told, ['done', 'no port']);
});
