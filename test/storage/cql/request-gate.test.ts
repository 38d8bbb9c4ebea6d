import test from 'ava';
import { nextTurn } from '../../../src/clock.ts';
import { Problem } from '../../../src/errors.ts';
import { RequestGate } from '../../../src/storage/cql/request-gate.ts';

test('so many requests run at once, some wait in order, more are refused; a failure gives its place back', async (t) => {
  const gate = new RequestGate({ inFlightMax: 2, waitingMax: 2 });
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const request = (name: string): Promise<void> =>
    gate.run(() => {
      begun.push(name);
      return new Promise((resolve, reject) => {
        ends.set(name, (error) => (error === undefined ? resolve() : reject(error)));
      });
    });
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(request);
  const refused = await t.throwsAsync(request('e'), { instanceOf: Problem });
  t.is(refused?.code, 'overloaded');
  t.deepEqual(begun, ['a', 'b']);
  ends.get('a')?.(new Error('broken'));
  await t.throwsAsync(a ?? Promise.resolve(), { message: 'broken' });
  await nextTurn();
  t.deepEqual(begun, ['a', 'b', 'c']);
  ends.get('b')?.();
  await b;
  await nextTurn();
  ends.get('c')?.();
  ends.get('d')?.();
  await Promise.all([c, d]);
  t.deepEqual(begun, ['a', 'b', 'c', 'd']);
});
