import test from 'ava';
import { FinishedEntries } from '../../../src/actors/outbox/finished-entries.ts';
import { IdSource, type MediaId, type UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/log.ts';
import { type OutboxEntry, recordActivity } from '../../../src/storage/activity.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function world(removeAll: (entries: readonly OutboxEntry[]) => Promise<void> = async () => undefined) {
  const clock = new ManualClock();
  const ids = new IdSource(clock, 1);
  const removed: (readonly OutboxEntry[])[] = [];
  const rows = {
    async removeAll(entries: readonly OutboxEntry[]): Promise<void> {
      await removeAll(entries);
      removed.push(entries);
    },
  };
  const entry = (): OutboxEntry => {
    const activity = { kind: 'media.uploaded', mediaId: ids.next<MediaId>(), ownerId: ids.next<UserId>() } as const;
    return recordActivity(ids, activity, activity.ownerId).entries[0] as OutboxEntry;
  };
  return { clock, removed, entry, finished: new FinishedEntries({ rows, clock, logger: silentLogger }) };
}

test('entries that finish within a moment are removed together, and known until they are', async (t) => {
  const { clock, removed, entry, finished } = world();
  const entries = [entry(), entry(), entry()];
  for (const each of entries) await finished.add(each);
  await clock.advanceAsync(limits.finishedEntriesMs - 1);
  t.deepEqual(removed, []);
  t.true(entries.every((each) => finished.has(each)));
  await clock.advanceAsync(1);
  t.deepEqual(removed, [entries]);
  t.false(entries.some((each) => finished.has(each)));
  const later = entry();
  await finished.add(later);
  await clock.advanceAsync(limits.finishedEntriesMs);
  t.deepEqual(removed, [entries, [later]]);
});

test('very many do not wait for the moment, and whoever adds the last of them waits for the removal', async (t) => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { removed, entry, finished } = world(() => held);
  for (let count = 1; count < limits.finishedEntriesMax; count++) await finished.add(entry());
  let isThrough = false;
  const last = finished.add(entry()).then(() => (isThrough = true));
  await new Promise(setImmediate);
  t.false(isThrough);
  release();
  await last;
  t.deepEqual(
    removed.map((entries) => entries.length),
    [limits.finishedEntriesMax],
  );
});

test('whoever closes takes the rest away', async (t) => {
  const { removed, entry, finished } = world();
  const one = entry();
  await finished.add(one);
  await finished.close();
  t.deepEqual(removed, [[one]]);
});

test('rows that could not be removed are left to the sweeper: their work may be done again', async (t) => {
  let isAway = true;
  const { clock, removed, entry, finished } = world(async () => {
    if (isAway) throw new Error('away');
  });
  const one = entry();
  await finished.add(one);
  await clock.advanceAsync(limits.finishedEntriesMs);
  t.false(finished.has(one));
  isAway = false;
  await finished.add(one);
  await clock.advanceAsync(limits.finishedEntriesMs);
  t.deepEqual(removed, [[one]]);
});
