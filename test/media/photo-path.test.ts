import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { systemClock } from '../../src/clock.ts';
import { silentLogger } from '../../src/log.ts';
import { EmbeddedJobQueue } from '../../src/media/embedded/embedded-job-queue.ts';
import type { JobData } from '../../src/media/job-queue.ts';
import { RenditionPool } from '../../src/media/renditions/rendition-pool.ts';
import type { OutboxEntry } from '../../src/storage/activity.ts';
import { FilesystemBlobStore } from '../../src/storage/filesystem/filesystem-blob-store.ts';
import { bytesOf } from '../support/bytes-of.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';
import { MediaWorld } from './media-world.ts';

test('through files, the job queue and a child that is killed once, a photo becomes ready; a bad one is refused', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const shared = { clock: systemClock, log: silentLogger };
  const blobs = await FilesystemBlobStore.open({ ...shared, directory: join(folder.path, 'blobs') });
  t.teardown(() => blobs.close());
  const pool = new RenditionPool({ clock: systemClock });
  t.teardown(() => pool.close());
  const queue = await EmbeddedJobQueue.open({ ...shared, path: join(folder.path, 'jobs.sqlite') });
  t.teardown(() => queue.close());
  const world = new MediaWorld(blobs);
  let kills = 0;
  const worker = world.worker({
    render: (photo, deliver) =>
      pool.render(photo, async (rendered) => {
        await deliver(rendered);
        if (kills++ === 0) for (const pid of pool.decoding()) process.kill(pid, 'SIGKILL');
      }),
  });
  queue.work('media', (job) => worker.handle(job.data as unknown as OutboxEntry), { concurrency: 2 });
  const large = sharp(await smallPhotograph(1)).resize(2000, 1500, { kernel: 'nearest' });
  const good = await world.uploaded(await large.jpeg().toBuffer());
  const whole = await smallPhotograph(2);
  const bad = await world.uploaded(whole.subarray(0, whole.length / 2));
  for (const { entry } of [good, bad]) await queue.add('media', entry.outboxId, { ...entry } as JobData);

  await waitFor('both photos', async () => (await queue.depth('media')) === 0);
  const row = await world.row(good.mediaId);
  t.like(row, { state: 'ready', width: 2000, height: 1500 });
  for (const { blobKey, width, height, bytes, format } of row.renditions) {
    const blob = await blobs.read(blobKey);
    t.like(blob?.info, { state: 'permanent', contentType: `image/${format}`, bytes });
    t.like(await sharp(blob === null ? Buffer.alloc(0) : await bytesOf(blob.body)).metadata(), {
      format,
      width,
      height,
    });
  }
  t.deepEqual(
    row.renditions.map((rendition) => rendition.size),
    [1080, 1080, 640, 640, 320, 320, 150, 150],
  );
  t.like(await world.row(bad.mediaId), {
    state: 'failed',
    failureReason: 'The file is not an image that can be read.',
  });
  t.like(await world.reconciler.reconcile({ dryRun: true, graceMs: 0 }), {
    blobs: 9,
    orphans: 0,
    expired: 0,
    dangling: 0,
  });
});
