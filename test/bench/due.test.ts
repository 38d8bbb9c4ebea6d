import test from 'ava';
import { untilDue } from '../../bench/harness/due.ts';
import { nowUs } from '../../bench/harness/markers.ts';

test('what is due is never early', async (t) => {
  const latenessesUs: number[] = [];
  for (let waits = 0; waits < 41; waits++) {
    // From now to moments that a timer is needed for; a timer alone would often be early by a fraction of a millisecond.
    const dueUs = nowUs() + waits * 137;
    await untilDue(dueUs);
    latenessesUs.push(nowUs() - dueUs);
  }
  latenessesUs.sort((left, right) => left - right);
  t.log(`late by ${latenessesUs[20]} µs in the middle, ${latenessesUs.at(-1)} µs at most`);
  t.true((latenessesUs[0] ?? -1) >= 0);
});
