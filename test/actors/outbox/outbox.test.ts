import { join } from 'node:path';
import test from 'ava';
import { type ConsumerHandlers, createDispatch, startConsumers } from '../../../src/actors/outbox/consumers.ts';
import { Sweeper } from '../../../src/actors/outbox/sweeper.ts';
import { sleep, systemClock } from '../../../src/clock.ts';
import { Problem } from '../../../src/errors.ts';
import { IdSource, type MediaId, RevisionSource, type UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/log.ts';
import { EmbeddedJobQueue } from '../../../src/media/embedded/embedded-job-queue.ts';
import { type JobQueue, Unretryable } from '../../../src/media/job-queue.ts';
import { type OutboxEntry, recordActivity } from '../../../src/storage/activity.ts';
import { MemoryStore } from '../../../src/storage/memory/memory-store.ts';
import { OutboxRows } from '../../../src/storage/repositories/outbox.ts';
import { outbox, outboxParked } from '../../../src/storage/tables/operations.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/server-process.ts';
import { waitFor } from '../../support/wait-for.ts';

const clock = systemClock;
const logger = silentLogger;

async function world(handle: (entry: OutboxEntry) => Promise<void>) {
  const folder = await temporaryFolder('outbox');
  const store = new MemoryStore({ clock });
  const rows = new OutboxRows(store, new RevisionSource(clock));
  const ids = new IdSource(clock, 1);
  const path = join(folder.path, 'jobs.sqlite');
  const queue = await EmbeddedJobQueue.open({ path, clock, log: logger, backoffBaseMs: 1 });
  const dependencies = { queue, rows, clock, logger };
  const handlers: ConsumerHandlers = {
    'fan-out': handle,
    'fan-out-chunk': handle,
    media: handle,
    'media-outcome': handle,
    'photo-removal': handle,
    notifications: handle,
    counters: handle,
  };
  const record = async (): Promise<readonly OutboxEntry[]> => {
    const activity = { kind: 'media.uploaded', mediaId: ids.next<MediaId>(), ownerId: ids.next<UserId>() } as const;
    const recorded = recordActivity(ids, activity, activity.ownerId);
    await store.batch(recorded.mutations);
    return recorded.entries;
  };
  const left = async (): Promise<number> => (await Array.fromAsync(store.scan(outbox))).length;
  const sweeper = new Sweeper(dependencies);
  // As at a start: the marks are written before the first command.
  await sweeper.sweep(0);
  const close = async (): Promise<void> => {
    await queue.close();
    await folder.remove();
  };
  return {
    store,
    queue,
    sweeper,
    record,
    left,
    close,
    start: () => startConsumers(handlers, dependencies),
    dispatch: createDispatch(dependencies),
  };
}

test('an entry’s row goes only after its effects are acknowledged', async (t) => {
  let finish = (): void => {};
  const effects = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let begun = 0;
  const env = await world(async () => {
    begun++;
    await effects;
  });
  const workers = env.start();
  env.dispatch(await env.record());
  await waitFor('the work to begin', () => begun === 1);
  t.is(await env.left(), 1);
  finish();
  await waitFor('the row to go', async () => (await env.left()) === 0);
  await workers.close();
  await env.close();
});

test('what was never dispatched is found by the sweeper, and a late double does nothing', async (t) => {
  const handled: string[] = [];
  const env = await world(async (entry) => {
    handled.push(entry.outboxId);
  });
  const entries = [...(await env.record()), ...(await env.record())];
  t.is(await env.sweeper.sweep(60_000), 0, 'young rows are the dispatcher’s');
  t.is(await env.sweeper.sweep(0), 2);
  const workers = env.start();
  await waitFor('both', async () => (await env.left()) === 0);
  env.dispatch(entries);
  await waitFor('the queue to be empty', async () => (await env.queue.depth('media')) === 0);
  t.deepEqual(handled.toSorted(), entries.map((entry) => entry.outboxId).toSorted());
  await workers.close();
  await env.close();
});

test('a consumer that fails is tried again; one that cannot succeed is parked with its reason', async (t) => {
  let tries = 0;
  const env = await world(async (entry) => {
    if (entry.activity.kind === 'media.uploaded' && ++tries < 3) throw new Error('not yet');
  });
  const workers = env.start();
  env.dispatch(await env.record());
  await waitFor('the third try', async () => (await env.left()) === 0);
  t.is(tries, 3);
  await workers.close();
  await env.close();

  const hopeless = await world(async () => {
    throw new Unretryable('there is no such thing');
  });
  const others = hopeless.start();
  hopeless.dispatch(await hopeless.record());
  await waitFor('parking', async () => (await hopeless.left()) === 0);
  const parked = await Array.fromAsync(hopeless.store.scan(outboxParked));
  t.deepEqual(
    parked.map((row) => row.reason),
    ['there is no such thing'],
  );
  await others.close();
  await hopeless.close();
});

test('work that fails only because something is away is never parked: the sweeper brings it back', async (t) => {
  let isAway = true;
  let tries = 0;
  const env = await world(async () => {
    tries++;
    if (isAway) throw new Problem('unavailable');
  });
  const workers = env.start();
  env.dispatch(await env.record());
  await waitFor('all tries of the queue', async () => tries === limits.jobAttemptsMax);
  await waitFor('the queue to let it go', async () => (await env.queue.depth('media')) === 0);
  t.is(await env.left(), 1);
  t.deepEqual(await Array.fromAsync(env.store.scan(outboxParked)), []);
  isAway = false;
  t.is(await env.sweeper.sweep(0), 1);
  await waitFor('the row to go', async () => (await env.left()) === 0);
  await workers.close();
  await env.close();
});

test('a sweep hands over together what stands in many minutes: the queue may take a moment for each group', async (t) => {
  const MINUTES = 30;
  const time = new ManualClock();
  const store = new MemoryStore({ clock: time });
  const rows = new OutboxRows(store, new RevisionSource(time));
  const ids = new IdSource(time, 1);
  const keys = new Set<string>();
  const add = async (_queue: string, key: string): Promise<void> => {
    keys.add(key);
    await sleep(time, 100);
  };
  const sweeper = new Sweeper({ queue: { add } as unknown as JobQueue, rows, clock: time, logger });
  await sweeper.sweep(0);
  for (let minute = 0; minute < MINUTES; minute++) {
    const activity = { kind: 'media.uploaded', mediaId: ids.next<MediaId>(), ownerId: ids.next<UserId>() } as const;
    await store.batch(recordActivity(ids, activity, activity.ownerId).mutations);
    await time.advanceAsync(60_000);
  }
  let redriven = 0;
  const sweep = sweeper.sweep(0).then((count) => (redriven = count));
  await waitFor('all to be handed over', () => keys.size === MINUTES);
  await time.advanceAsync(100);
  await sweep;
  t.is(redriven, MINUTES);
});
