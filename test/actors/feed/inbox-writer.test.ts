import test from 'ava';
import type { LogEvent } from '../../../src/actors/event.ts';
import { Problem } from '../../../src/errors.ts';
import { eventId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import type { Store } from '../../../src/storage/store.ts';
import type { ManualClock } from '../manual-clock.ts';
import { postWorld } from '../post-world.ts';

type WriteAll = Store['writeAll'];

/** A store whose many writes at once go through `behave`. */
function withWriteAll(behave: (writeAll: WriteAll, clock: ManualClock) => WriteAll) {
  return (store: Store, clock: ManualClock): Store =>
    new Proxy(store, {
      get(target, name: keyof Store) {
        return name === 'writeAll' ? behave(target.writeAll.bind(target), clock) : target[name].bind(target);
      },
    });
}

function failed(subject: string): { event: LogEvent; references: Record<string, string>; entry: null } {
  const event: LogEvent = { id: eventId('media.failed', subject), type: 'media.failed', atMs: 1, dataJson: '{}' };
  return { event, references: { mediaId: subject }, entry: null };
}

test('a late acknowledgement is not trusted: the event is appended again under a fresh id', async (t) => {
  const delays = [limits.lateWriteMs + 1, limits.lateWriteMs + 1, limits.lateWriteMs];
  const world = await postWorld({
    wrapStore: withWriteAll((writeAll, clock) => async (mutations) => {
      await writeAll(mutations);
      clock.advance(delays.shift() ?? 0);
    }),
  });
  const user = world.user();
  await world.live.activate(user);
  await world.inbox.append(user, failed('m'));
  const rows = await world.inboxOf(user);
  t.is(rows.length, 3);
  t.is(new Set(rows.map((row) => row.arrivalId)).size, 3);
  t.is(new Set(rows.map((row) => row.eventId)).size, 1);
  t.is(world.live.logOf(user).length, 1, 'delivered once, after the copy that was in time');
});

test('an unknown outcome is appended again, and given up on after a bounded number of tries', async (t) => {
  let failures = 2;
  const world = await postWorld({
    wrapStore: withWriteAll((writeAll) => async (mutations) => {
      await writeAll(mutations);
      if (failures-- > 0) throw new Problem('timeout');
    }),
  });
  const user = world.user();
  await world.inbox.append(user, failed('m'));
  t.is((await world.inboxOf(user)).length, 3);
  failures = Number.POSITIVE_INFINITY;
  await t.throwsAsync(world.inbox.append(user, failed('n')), { instanceOf: Problem, message: /unavailable/ });
  t.is((await world.inboxOf(user)).length, 3 + limits.lateWriteTries);
});

test('many receivers are written in bounded groups, one after another', async (t) => {
  let underWay = 0;
  let most = 0;
  const sizes: number[] = [];
  const world = await postWorld({
    wrapStore: withWriteAll((writeAll) => async (mutations) => {
      sizes.push(mutations.length);
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      await writeAll(mutations);
      underWay--;
    }),
  });
  const users = Array.from({ length: limits.storeWriteAllMutations + 30 }, () => world.user());
  await world.inbox.appendToMany(users, failed('m'));
  for (const user of users) t.is((await world.inboxOf(user)).length, 1);
  t.deepEqual(sizes, [limits.storeWriteAllMutations, 30]);
  t.is(most, 1);
});
