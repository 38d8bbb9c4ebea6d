import test from 'ava';
import sharp from 'sharp';
import { type Colour, grainyPhotograph } from '../support/photographs.ts';
import { waitFor } from '../support/wait-for.ts';
import { Person, type Post } from './api.ts';
import { openTarget, type Target } from './target.ts';

const AUTHORS = 3;
const POSTS_EACH = 2;
/** Downloads of each picture at once. */
const READERS = 3;

interface Picture {
  readonly url: string;
  readonly colour: Colour;
}

let target: Target;
test.before(async () => {
  target = await openTarget();
});
test.after.always(() => target.close());

test('photographs that are sent and read side by side, by some only in part, are never mixed', async (t) => {
  const authors = await Promise.all(
    Array.from({ length: AUTHORS }, (_, index) => Person.register(target.url, `eve${index}`)),
  );
  const sent = authors.flatMap((author, index) =>
    Array.from({ length: POSTS_EACH }, (_, place) => ({
      author,
      colour: { r: 40 + 70 * index, g: 60 + 120 * place, b: 200 - 70 * index },
    })),
  );
  const pictures = (await Promise.all(sent.map(({ author, colour }) => picturesOf(author, colour)))).flat();
  t.true(pictures.length >= sent.length * 8);
  await Promise.all(
    pictures.map(async ({ url, colour }) => {
      const left = Promise.all([leaveEarly(url), leaveEarly(url)]);
      const copies = await Promise.all(Array.from({ length: READERS }, () => bytesAt(url)));
      await left;
      const [first = Buffer.alloc(0)] = copies;
      t.true(copies.every((copy) => copy.equals(first)));
      const { channels } = await sharp(first).stats();
      for (const [place, mean] of [colour.r, colour.g, colour.b].entries()) {
        t.true(Math.abs((channels[place]?.mean ?? 0) - mean) < 10, `${url} has another colour`);
      }
    }),
  );
});

test('a picture is told of without its bytes, sent in part, and not sent again to who has it', async (t) => {
  const author = await Person.register(target.url, 'fay');
  const [picture] = await picturesOf(author, { r: 200, g: 100, b: 50 });
  if (picture === undefined) throw new Error('no picture');
  const { url } = picture;
  const whole = await bytesAt(url);
  const head = await fetch(url, { method: 'HEAD' });
  t.is(head.status, 200);
  t.is(head.headers.get('content-length'), String(whole.length));
  t.is((await head.arrayBuffer()).byteLength, 0);
  const tag = head.headers.get('etag') ?? '';
  t.is((await fetch(url, { headers: { 'if-none-match': tag } })).status, 304);
  t.deepEqual(await bytesAt(url, { 'if-none-match': '"another"' }), whole);
  const range = await fetch(url, { headers: { range: 'bytes=100-20099' } });
  t.is(range.status, 206);
  t.is(range.headers.get('content-range'), `bytes 100-20099/${whole.length}`);
  t.deepEqual(Buffer.from(await range.arrayBuffer()), whole.subarray(100, 20_100));
  t.is((await fetch(url, { headers: { range: `bytes=${whole.length}-` } })).status, 416);
  t.is((await fetch(url.replace('/media/', '/media/0'))).status, 404);
});

/** Of a new post, all renditions. */
async function picturesOf(author: Person, colour: Colour): Promise<Picture[]> {
  const postId = await author.post('grain', await grainyPhotograph(colour));
  let post: Post | null = null;
  await waitFor('all renditions', async () => {
    post = await author.expect<Post>(200, 'GET', `/v1/posts/${postId}`);
    return post.uploadStatus === 'complete';
  });
  const { photos } = post as unknown as Post;
  return photos.flatMap(({ sources }) => sources.map(({ url }) => ({ url, colour })));
}

async function bytesAt(url: string, headers: Record<string, string> = {}): Promise<Buffer> {
  const answer = await fetch(url, { headers });
  if (answer.status !== 200) throw new Error(`GET ${url} answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** Goes away once the answer has begun. */
async function leaveEarly(url: string): Promise<void> {
  const leaving = new AbortController();
  await fetch(url, { signal: leaving.signal });
  leaving.abort();
}
