import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createDispatch, startConsumers } from '../../../src/actors/outbox/consumers.ts';
import { systemClock } from '../../../src/clock.ts';
import type { UserId } from '../../../src/ids.ts';
import { silentLogger } from '../../../src/log.ts';
import { EmbeddedJobQueue } from '../../../src/media/embedded/embedded-job-queue.ts';
import type { Dispatch } from '../../../src/storage/activity.ts';
import { OutboxRows } from '../../../src/storage/repositories/outbox.ts';
import type { Store } from '../../../src/storage/store.ts';
import { firstDifference } from '../../support/first-difference.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/server-process.ts';
import { waitFor } from '../../support/wait-for.ts';
import { postWorld } from '../post-world.ts';

const EDITS = 50;
const FOLLOWERS = 5;
const DELAY_MS_MAX = 4;

/** A store on a network: every call takes its own time. */
function distantStore(store: Store): Store {
  const chance = new ManualClock({ seed: 7 });
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const call = target[name].bind(target) as (...given: unknown[]) => unknown;
      if (name === 'scan' || name === 'close') return call;
      return async (...given: unknown[]) => {
        await new Promise((resolve) => setTimeout(resolve, chance.random() * DELAY_MS_MAX));
        return call(...given);
      };
    },
  });
}

/** Posts and edits while real workers run, and compares the inboxes with the order of the edits. */
async function editQuickly(t: ExecutionContext, chunkSize: number): Promise<void> {
  const folder = await temporaryFolder('fan-out-order');
  const queue = await EmbeddedJobQueue.open({
    path: join(folder.path, 'jobs.sqlite'),
    clock: systemClock,
    log: silentLogger,
  });
  const dispatch: Dispatch = createDispatch({ queue, logger: silentLogger });
  const world = await postWorld({ chunkSize, dispatch, wrapStore: distantStore });
  const rows = new OutboxRows(world.store, world.revisions);
  const author = world.user();
  const followers: UserId[] = Array.from({ length: FOLLOWERS }, () => world.user());
  for (const follower of followers) await world.follow(follower, author);
  await world.drain();
  const handlers = {
    'fan-out': world.fanOut.handle.bind(world.fanOut),
    'fan-out-chunk': world.chunks.handle.bind(world.chunks),
  };
  const workers = startConsumers(handlers, { queue, rows, clock: systemClock, logger: silentLogger });
  const post = await world.publish(author);
  const edits: string[] = [];
  for (let index = 0; index < EDITS; index++) {
    const { version } = await world.service.edit(author, post.id, { caption: `${index}` });
    edits.push(`post.updated:${post.id}:${version}`);
  }
  const left = async (): Promise<number> =>
    (await world.pending()).filter(({ consumer }) => consumer in handlers).length;
  await waitFor('the outbox to be empty', async () => (await left()) === 0, 30_000);
  for (const follower of followers) {
    const events = (await world.inboxOf(follower)).map((row) => row.eventId);
    t.is(firstDifference(events, [`post.new:${post.id}`, ...edits]), null);
  }
  const own = (await world.inboxOf(author)).map((row) => row.eventId);
  t.is(firstDifference(own, edits), null, 'the author’s other devices');
  await workers.close();
  await queue.close();
  await folder.remove();
}

test(`${EDITS} quick edits stand in every inbox in the order in which they were made`, (t) => editQuickly(t, 100));

test(`so do ${EDITS} that are brought to the followers in chunks`, (t) => editQuickly(t, 1));
