/**
 * Random programs of mutations and reads, run against `MemoryStore` (the specification) and the adapter side by side: every
 * answer must be equal. A failing program is printed, shrunk, with its seed.
 */
import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { MemoryStore } from '../../src/storage/memory/memory-store.ts';
import { type PageRange, putRow, removeRow, type Store } from '../../src/storage/store.ts';
import type { StoreHarness } from './store-conformance.ts';
import { edge, edges, entries, entry, type Lease, leases } from './store-tables.ts';

type Act = (store: Store, owner: string, nowMs: number) => Promise<unknown>;

type Register = (promise: string, body: (t: ExecutionContext, h: StoreHarness) => Promise<void>) => void;

const labels = fc.constantFrom('', 'a', 'A', 'aa', 'b', 'ä', '\uffff', '😀', "x'; --");
const positions = fc.constantFrom(0, -1, 1, 9, 10, 2 ** 53 - 1, -(2 ** 53 - 1));
const revisions = fc.integer({ min: 1, max: 9 });
const targets = fc.constantFrom('x', 'y', 'z');
const holders = fc.constantFrom(null, 'a', 'b');
const epochs = fc.integer({ min: 0, max: 2 });
const bounds = fc.oneof(fc.tuple(labels), fc.tuple(labels, positions));
const lifetimes = fc.option(fc.constantFrom(1_000, 5_000), { nil: undefined, freq: 3 });

const ranges: fc.Arbitrary<PageRange> = fc
  .record(
    {
      start: fc.record({ kind: fc.constantFrom('from', 'after'), bound: bounds }),
      until: bounds,
      limit: fc.integer({ min: 0, max: 6 }),
      reversed: fc.boolean(),
    },
    { requiredKeys: ['limit'] },
  )
  .map(({ start, ...range }) => (start === undefined ? range : { ...range, [start.kind]: start.bound }));

function expiring(lifetimeMs: number | undefined, nowMs: number): { expiresAtMs?: number } {
  return lifetimeMs === undefined ? {} : { expiresAtMs: nowMs + lifetimeMs };
}

const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(labels, positions, lifetimes).map(
    ([label, position, life]): Act =>
      (store, owner, now) =>
        store.put(entries, entry(owner, label, position), expiring(life, now)),
  ),
  fc.tuple(labels, positions).map(
    ([label, position]): Act =>
      (store, owner) =>
        store.remove(entries, entry(owner, label, position)),
  ),
  fc.tuple(targets, revisions).map(
    ([target, revision]): Act =>
      (store, owner) =>
        store.put(edges, edge(owner, target, revision)),
  ),
  fc.tuple(targets, fc.array(revisions, { minLength: 2, maxLength: 5 })).map(
    ([target, several]): Act =>
      async (store, owner) => {
        await Promise.all(several.map((revision) => store.put(edges, edge(owner, target, revision))));
      },
  ),
  fc
    .tuple(
      fc.uniqueArray(fc.tuple(labels, positions, fc.boolean()), { maxLength: 5, selector: ([a, b]) => `${a} ${b}` }),
      targets,
      revisions,
    )
    .map(
      ([list, target, revision]): Act =>
        (store, owner) =>
          store.batch([
            ...list.map(([label, position, put]) => {
              const row = entry(owner, label, position);
              return put ? putRow(entries, row) : removeRow(entries, row);
            }),
            putRow(edges, edge(owner, target, revision)),
          ]),
    ),
  fc.tuple(holders, epochs, lifetimes).map(
    ([holder, epoch, life]): Act =>
      (store, owner, now) =>
        store.insertIfAbsent(leases, lease(owner, holder, epoch), expiring(life, now)),
  ),
  fc.tuple(holders, epochs, holders, epochs).map(
    ([holder, epoch, expectedHolder, expectedEpoch]): Act =>
      (store, owner) =>
        store.compareAndPut(leases, lease(owner, holder, epoch), { holder: expectedHolder, epoch: expectedEpoch }),
  ),
  holders.map(
    (holder): Act =>
      (store, owner) =>
        store.compareAndRemove(leases, { name: owner }, { holder }),
  ),
  ranges.map(
    (range): Act =>
      (store, owner) =>
        store.page(entries, { owner, bucket: 7 }, range),
  ),
  fc.constant<Act>((store, owner) => store.page(edges, { owner }, { limit: 10 })),
  fc.constant<Act>((store, owner) => store.get(leases, { name: owner })),
  fc.constant<Act>((store, owner) => store.count(entries, { owner, bucket: 7 })),
  fc.array(fc.tuple(labels, positions), { maxLength: 4 }).map(
    (keys): Act =>
      (store, owner) =>
        store.getMany(
          entries,
          keys.map(([label, position]) => entry(owner, label, position)),
        ),
  ),
);

function lease(name: string, holder: string | null, epoch: number): Lease {
  return { name, holder, epoch, details: { holder, epoch } };
}

const programs = fc.array(fc.record({ act: acts, waitMs: fc.constantFrom(0, 0, 0, 700, 2_000) }), {
  maxLength: 40,
  size: 'max',
});

export function storePrograms(register: Register): void {
  register('answers random programs as the specification does', async (t, harness) => {
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        const model = new MemoryStore({ clock: harness.clock });
        const owner = `program-${randomUUID()}`;
        const waits = program.some(({ waitMs }) => waitMs > 0) && harness.timeIsManual;
        for (const { act, waitMs } of program) {
          if (waits) await harness.advance(waitMs);
          // Where time is real, a row may expire between the two reads: then nothing expires.
          const nowMs = harness.timeIsManual ? harness.clock.now() : harness.clock.now() + 3_600_000;
          const expected = await act(model, owner, nowMs);
          t.deepEqual(await act(harness.store, owner, nowMs), expected);
        }
        const all = (store: Store) => store.page(entries, { owner, bucket: 7 }, { limit: 100 });
        t.deepEqual(await all(harness.store), await all(model));
      }),
      { numRuns: 30 },
    );
  });
}
