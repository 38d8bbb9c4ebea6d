import test from 'ava';
import { nextTurn } from '../../src/clock.ts';
import { MemoryStore } from '../../src/storage/memory/memory-store.ts';
import { putRow } from '../../src/storage/store.ts';
import { whenNamed } from '../conformance/adapters.ts';
import { manualTime } from '../conformance/manual-time.ts';
import { storeConformance } from '../conformance/store-conformance.ts';
import { entries, entry } from '../conformance/store-tables.ts';
import { ManualClock } from '../support/manual-clock.ts';

whenNamed('memory', () => {
  storeConformance('memory', async () => {
    const time = manualTime();
    const store = new MemoryStore({ clock: time.clock });
    return { ...time, store, close: () => store.close() };
  });
});

test('a reader sees half of a batch in the mode that exposes it, and never otherwise', async (t) => {
  for (const exposeHalfBatches of [true, false]) {
    const store = new MemoryStore({ clock: new ManualClock(), exposeHalfBatches });
    const rows = [1, 2, 3, 4].map((position) => entry('owner', 'a', position));
    const seen = new Set<number>();
    const look = async () => {
      seen.add((await store.page(entries, { owner: 'owner', bucket: 7 }, { limit: 10 })).length);
      await nextTurn();
    };
    const written = store.batch(rows.map((row) => putRow(entries, row)));
    for (let turn = 0; turn < 8; turn++) await look();
    await written;
    const halves = [1, 2, 3].filter((count) => seen.has(count)).length;
    t.is(halves > 0, exposeHalfBatches);
    t.is((await store.page(entries, { owner: 'owner', bucket: 7 }, { limit: 10 })).length, 4);
  }
});

test('a closed store is unavailable', async (t) => {
  const store = new MemoryStore({ clock: new ManualClock() });
  await store.close();
  await t.throwsAsync(store.ping(), { message: /^unavailable/ });
});
