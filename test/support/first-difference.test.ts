import test from 'ava';
import { firstDifference } from './first-difference.ts';

const LONG = Array.from({ length: 5_000 }, (_, index) => `${index}`);

test('equal lists have no difference', (t) => {
  t.is(firstDifference([], []), null);
  t.is(firstDifference(LONG, [...LONG]), null);
});

test('an item that came too early is named with its neighbours and where it belongs', (t) => {
  const difference = firstDifference(['0', '4002', ...LONG.slice(1)], [...LONG, '4002']) ?? '';
  t.true(difference.includes('index 1'), difference);
  t.true(difference.includes('0 »4002« 1 2 3'), difference);
  t.true(difference.includes('0 »1« 2 3 4'), difference);
  t.true(difference.includes('1, expected here, is there once, first at index 2'), difference);
  t.true(difference.includes('4002, there, is expected 2 times, first at index 4002'), difference);
  t.true(difference.length < 1_000, `${difference.length} characters`);
});

test('what is missing, at the end too, and what is too much are named', (t) => {
  const short = firstDifference(LONG.slice(0, -1), LONG) ?? '';
  t.true(short.includes('4999, expected here, is not there at all'), short);
  t.true(short.includes('4998 »the end«'), short);
  const double = firstDifference([...LONG, '7'], LONG) ?? '';
  t.true(double.includes('7, there, is expected once, first at index 7'), double);
});
