import test, { type ExecutionContext } from 'ava';
import { Problem, StartRefusal } from '../../src/errors.ts';
import { type PostId, timeOfId } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/log.ts';
import { MemoryStore } from '../../src/storage/memory/memory-store.ts';
import { NodeSlot } from '../../src/storage/node-slot.ts';
import type { Store } from '../../src/storage/store.ts';
import { nodeSlots } from '../../src/storage/tables/operations.ts';
import { ManualClock } from '../support/manual-clock.ts';

const MINUTE_MS = 60_000;

function setUp() {
  const clock = new ManualClock();
  const memory = new MemoryStore({ clock });
  let fault: 'none' | 'refuses' | 'forgets to answer' = 'none';
  const store: Store = Object.assign(Object.create(memory) as Store, {
    async compareAndPut(...parameters: Parameters<Store['compareAndPut']>) {
      if (fault === 'refuses') throw new Problem('unavailable');
      const done = await memory.compareAndPut(...parameters);
      if (fault === 'forgets to answer') throw new Problem('timeout');
      return done;
    },
  });
  return {
    clock,
    store: memory,
    claim: (owner: string) => NodeSlot.claim({ store, clock, log: silentLogger, owner }),
    break: (how: typeof fault) => {
      fault = how;
    },
  };
}

function ceilingOf(store: Store, slot: number): Promise<number | undefined> {
  return store.get(nodeSlots, { slot }).then((row) => row?.ceilingMs);
}

function refusesIds(t: ExecutionContext, slot: NodeSlot): void {
  const error = t.throws(() => slot.ids.next(), { instanceOf: Problem });
  t.is(error?.code, 'unavailable');
  t.false(slot.usable);
}

test('nodes that start together get different slots', async (t) => {
  const { claim } = setUp();
  const slots = await Promise.all(['a', 'b', 'c', 'd'].map(claim));
  t.is(new Set(slots.map(({ slot }) => slot)).size, 4);
});

test('a restarted node gets its slot back and stamps strictly after its former run, though the clock went back', async (t) => {
  const { clock, claim } = setUp();
  const before = await claim('a');
  await clock.advanceAsync(5 * MINUTE_MS);
  const last = before.ids.next<PostId>();
  const ceilingMs = before.ceilingMs;

  clock.stepWall(-3 * MINUTE_MS);
  const after = await claim('a');
  t.is(after.slot, before.slot);
  const next = after.ids.next<PostId>();
  t.true(next > last);
  t.true(timeOfId(next) > ceilingMs);
});

test('the ceiling is durable before ids reach it, and is renewed while the node runs', async (t) => {
  const { clock, store, claim } = setUp();
  const node = await claim('a');
  for (let step = 0; step < 40; step++) {
    await clock.advanceAsync(10_000);
    t.true(timeOfId(node.ids.next<PostId>()) <= ((await ceilingOf(store, node.slot)) ?? 0));
  }
});

test('ids stop at the ceiling while it cannot be renewed, and go on afterwards', async (t) => {
  const env = setUp();
  const node = await env.claim('a');
  env.break('refuses');
  await env.clock.advanceAsync(limits.idCeilingAheadMs - 1_000);
  t.notThrows(() => node.ids.next());
  await env.clock.advanceAsync(2_000);
  refusesIds(t, node);
  env.break('none');
  await env.clock.advanceAsync(limits.idCeilingCheckMs);
  t.notThrows(() => node.ids.next());
  t.true(node.usable);
});

test('a renewal whose answer was lost is not taken for a rival', async (t) => {
  const env = setUp();
  const node = await env.claim('a');
  env.break('forgets to answer');
  await env.clock.advanceAsync(limits.idCeilingAheadMs / 2);
  env.break('none');
  await env.clock.advanceAsync(2 * limits.idCeilingAheadMs);
  t.true(node.usable);
  t.is(await ceilingOf(env.store, node.slot), node.ceilingMs);
});

test('of two runs of one owner only the later one goes on stamping', async (t) => {
  const { clock, claim } = setUp();
  const earlier = await claim('a');
  const later = await claim('a');
  const fromEarlier = earlier.ids.next<PostId>();
  await clock.advanceAsync(limits.idCeilingAheadMs);
  refusesIds(t, earlier);
  t.true(later.ids.next<PostId>() > fromEarlier);
});

test('a slot of another owner is taken ten minutes after its lease ended, not before', async (t) => {
  const { clock, store, claim } = setUp();
  const nowMs = clock.now();
  for (let slot = 0; slot < 1024; slot++) {
    const row = { slot, owner: `other-${slot}#x`, leaseUntilMs: nowMs + MINUTE_MS, ceilingMs: nowMs + MINUTE_MS };
    await store.insertIfAbsent(nodeSlots, row);
  }
  await t.throwsAsync(claim('a'), { instanceOf: StartRefusal, message: /node slots are taken/ });
  clock.stepWall(MINUTE_MS + limits.nodeSlotQuarantineMs - 1);
  await t.throwsAsync(claim('a'), { instanceOf: StartRefusal });
  clock.stepWall(1);
  const node = await claim('a');
  t.true(timeOfId(node.ids.next<PostId>()) > nowMs + MINUTE_MS);
});

test('a clock far behind the ids already given out refuses to start', async (t) => {
  const { clock, claim } = setUp();
  const earlier = await claim('a');
  earlier.ids.next<PostId>();
  await earlier.release();
  clock.stepWall(-30 * MINUTE_MS);
  await t.throwsAsync(claim('a'), { instanceOf: StartRefusal, message: /30 minutes behind/ });
});

test('twenty crashes in a row push ids hardly further ahead of the clock than one', async (t) => {
  const { clock, claim } = setUp();
  for (let crash = 0; crash < 20; crash++) {
    const node = await claim('a');
    node.ids.next<PostId>();
    await clock.advanceAsync(limits.idCeilingCheckMs);
  }
  const node = await claim('a');
  t.true(timeOfId(node.ids.next<PostId>()) - clock.now() <= limits.idCeilingAheadMs + limits.idCeilingStepMs);
});

test('a slot that was given back stamps no ids', async (t) => {
  const { store, clock, claim } = setUp();
  const node = await claim('a');
  await node.release();
  refusesIds(t, node);
  t.is((await store.get(nodeSlots, { slot: node.slot }))?.leaseUntilMs, clock.now());
  t.is(clock.timerCount, 0);
});
