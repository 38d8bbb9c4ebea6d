import test from 'ava';
import { smallPhotograph } from '../support/photographs.ts';
import { waitFor } from '../support/wait-for.ts';
import { call, Person, type Post } from './api.ts';
import { Phone } from './phone.ts';
import { openTarget, type Target } from './target.ts';

const PHOTOS = 10;

interface LargePost extends Post {
  readonly photos: readonly (Post['photos'][number] & { readonly altText: string })[];
}

let target: Target;
test.before(async () => {
  target = await openTarget();
});
test.after.always(() => target.close());

test('a post of ten photographs, each described in a thousand characters, arrives; what an event cannot carry is read', async (t) => {
  const author = await Person.register(target.url, 'ada');
  const follower = await Person.register(target.url, 'ben');
  await follower.follow(author);
  const phone = new Phone(follower);
  await phone.connect();
  const altTexts = Array.from({ length: PHOTOS }, (_, index) => String(index).padEnd(1000, '海'));
  const photos = altTexts.map((altText) => ({ contentType: 'image/jpeg', altText }));
  const draft = await author.expect<{ postId: string; uploads: { uploadUrl: string }[] }>(201, 'POST', '/v1/posts', {
    body: { caption: 'ten', photos },
  });
  for (const [index, { uploadUrl }] of draft.uploads.entries()) {
    const raw = await smallPhotograph(index);
    const upload = await call(uploadUrl, 'PUT', { raw, headers: { 'content-type': 'image/jpeg' } });
    t.true(upload.status < 300);
  }
  await waitFor('the post and all its renditions', () => phone.ids('media.ready').length === 1);
  for (const event of phone.applied.filter((one) => one.type === 'post.new' || one.type === 'media.ready')) {
    const told = event.data as LargePost;
    t.true(Buffer.byteLength(JSON.stringify(told)) <= 16_384);
    t.is(told.photos.length, PHOTOS);
    t.is(told.photos[0]?.altText, altTexts[0]);
  }
  const ready = phone.applied.find((one) => one.type === 'media.ready')?.data as LargePost;
  t.deepEqual(ready.photos.at(-1)?.sources, [], 'an event does not carry them all');

  const read = await follower.expect<LargePost>(200, 'GET', `/v1/posts/${draft.postId}`);
  t.is(read.version, ready.version);
  const [shown] = (await follower.wholeFeed()) as LargePost[];
  for (const post of [read, shown]) {
    t.deepEqual(
      post?.photos.map((photo) => [photo.altText, photo.status, photo.sources.length > 0]),
      altTexts.map((altText) => [altText, 'complete', true]),
    );
  }
  // A phone that was away gets the same by sync.
  const late = await follower.expect<{ events: { type: string; data: LargePost }[] }>(
    200,
    'GET',
    `/v1/sync?cursor=${encodeURIComponent((await feedPosition(follower)).cursor)}`,
  );
  t.true(late.events.some((event) => event.type === 'post.new' && event.data.photos.length === PHOTOS));
  await author.expect(200, 'PUT', `/v1/posts/${draft.postId}`, { body: { caption: 'ten photographs' } });
  await waitFor('the edit', () => phone.ids('post.updated').length === 1);
  t.deepEqual(phone.complaints, []);
  phone.cut();
});

/** Its cursor is a minute back: within it lies all that this test did. */
async function feedPosition(person: Person): Promise<{ cursor: string }> {
  const page = await person.expect<{ position: { cursor: string } }>(200, 'GET', '/v1/feed?limit=1');
  return page.position;
}
