import test from 'ava';
import { readConfig } from '../../src/config.ts';
import { composeWorker } from '../../src/compose/worker.ts';
import { StartRefusal } from '../../src/errors.ts';
import type { MediaId } from '../../src/ids.ts';
import { repeatOutcome, WrittenMediaOutcome } from '../../src/media/written-media-outcome.ts';
import { OutboxRows } from '../../src/storage/repositories/outbox.ts';
import { MediaWorld } from './media-world.ts';

test('what a worker apart found is durable before it says so, and is told as it was', async (t) => {
  const world = new MediaWorld();
  const dispatched: string[] = [];
  const rows = new OutboxRows(world.store, world.revisions);
  const outcome = new WrittenMediaOutcome({
    store: world.store,
    ids: world.ids,
    dispatch: (entries) => {
      world.dispatched.push(...entries);
      dispatched.push(...entries.map(({ consumer }) => consumer));
    },
  });
  const mediaId = world.ids.next<MediaId>();
  await outcome.viewable(mediaId);
  await outcome.ready(mediaId);
  await outcome.failed(mediaId, 'It is no image.');
  t.deepEqual(dispatched, ['media-outcome', 'media-outcome', 'media-outcome']);
  for (const entry of world.dispatched) {
    t.true(await rows.pending(entry));
    const { activity } = entry;
    if (activity.kind === 'media.processed') await repeatOutcome(world.outcome, activity);
  }
  t.deepEqual(world.told, ['viewable', 'ready', 'failed: It is no image.']);
});

const REAL = {
  QUEUE: 'bullmq',
  REDIS_URL: 'redis://127.0.0.1',
  STORE: 'cql',
  BLOBS: 's3',
  S3_ENDPOINT: 'http://127.0.0.1:9',
  S3_ACCESS_KEY: 'a',
  S3_SECRET_KEY: 'b',
};

for (const [name, own] of [
  ['QUEUE', 'embedded'],
  ['STORE', 'embedded'],
  ['BLOBS', 'filesystem'],
] as const) {
  test(`a worker with ${name}=${own} refuses to start, and says what to set`, async (t) => {
    await t.throwsAsync(composeWorker(readConfig({ ...REAL, [name]: own })), {
      instanceOf: StartRefusal,
      message: new RegExp(`${name}=${own} is of one process only\\. Set ${name}=`),
    });
  });
}
