import test from 'ava';
import fc from 'fast-check';
import type { CommentId } from '../../../src/ids.ts';
import { idAt, timeOfId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { monthOf } from '../../../src/storage/buckets.ts';
import { range, readBuckets } from '../../../src/storage/repositories/bucket-rounds.ts';
import { type MonthStart, newestFirst } from '../../../src/storage/repositories/newest-first.ts';

const lists = fc.array(fc.array(fc.nat(9), { maxLength: 6 }), { maxLength: 50 });

test('buckets give the first rows of all of them, in a number of rounds that grows with the silence between them', async (t) => {
  await fc.assert(
    fc.asyncProperty(lists, fc.integer({ min: 1, max: 12 }), async (buckets, limit) => {
      let rounds = 0;
      let open = 0;
      const rows = await readBuckets(range(0, buckets.length - 1), limit, async (bucket, wanted) => {
        if (open++ === 0) rounds++;
        await Promise.resolve();
        open--;
        t.true(wanted > 0 && wanted <= limit);
        return (buckets[bucket] ?? []).slice(0, wanted);
      });
      t.deepEqual(rows, buckets.flat().slice(0, limit));
      t.true(rounds <= 1 + Math.ceil((buckets.length - 1) / limits.bucketsReadAtOnce));
    }),
  );
});

interface Row {
  readonly id: CommentId;
  readonly keep: boolean;
}

const DAY_MS = 86_400_000;

test('pages over months hold every kept row once, newest first, however they are cut', async (t) => {
  const days = fc.uniqueArray(fc.nat(1500), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(days, fc.integer({ min: 1, max: 9 }), fc.nat(3), async (ages, limit, goneEvery) => {
      const nowMs = Date.UTC(2036, 5, 15);
      const rows = ages
        .toSorted((left, right) => left - right)
        .map(
          (age, index): Row => ({
            id: idAt<CommentId>(nowMs - age * DAY_MS),
            keep: goneEvery === 0 || index % (goneEvery + 1) > 0,
          }),
        );
      const oldestMonth = monthOf(nowMs - 1500 * DAY_MS);
      const shown: Row[] = [];
      let after: CommentId | MonthStart | null = null;
      for (let pages = 0; ; pages++) {
        t.true(pages < 200, 'it goes on');
        const page: { rows: readonly Row[]; next: CommentId | MonthStart | null } = await newestFirst(
          { after, nowMs, oldestMonth, limit },
          {
            readMonth: async (month, from, wanted) =>
              rows
                .filter((row) => monthOf(timeOfId(row.id)) === month && (from === null || row.id < from))
                .slice(0, wanted),
            idOf: (row) => row.id,
            keep: (row) => row.keep,
          },
        );
        t.true(page.rows.length <= limit);
        shown.push(...page.rows);
        after = page.next;
        if (after === null) break;
      }
      t.deepEqual(
        shown,
        rows.filter((row) => row.keep),
      );
    }),
  );
});
