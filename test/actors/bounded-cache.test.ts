import test from 'ava';
import { BoundedCache } from '../../src/actors/bounded-cache.ts';

test('never more entries than allowed, and of those used last at least half of that', (t) => {
  const cache = new BoundedCache<number, string>(10);
  for (let key = 0; key < 100; key++) {
    cache.set(key, `v${key}`);
    t.true(cache.size <= 10);
    for (let used = Math.max(0, key - 4); used <= key; used++) t.is(cache.get(used), `v${used}`);
  }
  t.is(cache.get(0), undefined);
});

test('what is read again and again stays', (t) => {
  const cache = new BoundedCache<string, number>(4);
  cache.set('kept', 1);
  for (let key = 0; key < 50; key++) {
    cache.set(String(key), key);
    t.is(cache.get('kept'), 1);
  }
});

test('what is removed or set anew is never found as it was', (t) => {
  const cache = new BoundedCache<string, number>(4);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.set('c', 3);
  cache.set('a', 4);
  t.is(cache.get('a'), 4);
  cache.delete('a');
  cache.delete('b');
  t.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], [undefined, undefined, 3]);
  t.is(cache.size, 1);
});
