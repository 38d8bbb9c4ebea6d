import test from 'ava';
import { mainImageUrl, mediaView } from '../../src/media/media-urls.ts';
import { cannedPool, MediaWorld } from './media-world.ts';

test('clients see where a photo is and how far it is, the widest source first', async (t) => {
  const world = new MediaWorld();
  const { mediaId, entry } = await world.uploaded(Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(99)]));
  const before = mediaView(await world.row(mediaId), 'a dog', 'https://x.example');
  t.like(before, { status: 'processing', altText: 'a dog', sources: [] });
  t.is(mainImageUrl(await world.row(mediaId), 'https://x.example'), null);
  await world.worker(cannedPool).handle(entry);
  const row = await world.row(mediaId);
  const view = mediaView(row, 'a dog', 'https://x.example');
  const base = `https://x.example/media/${row.blobPrefix}`;
  t.is(view.status, 'complete');
  t.deepEqual(view.sources, [
    { url: `${base}/1080.jpg`, format: 'jpeg', width: 1080, height: 540 },
    { url: `${base}/1080.webp`, format: 'webp', width: 1080, height: 540 },
    { url: `${base}/640.jpg`, format: 'jpeg', width: 640, height: 320 },
  ]);
  t.is(mainImageUrl(row, 'https://x.example'), `${base}/1080.jpg`);
  t.is(mainImageUrl(row, 'https://x.example', 150), `${base}/640.jpg`);
  t.is(mainImageUrl(row, 'https://x.example', 5000), `${base}/1080.jpg`);
  t.deepEqual(mediaView({ ...row, state: 'gone' }, '', 'https://x.example').sources, []);
});
