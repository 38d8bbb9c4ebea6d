/** What a request may cost in round trips to the store: on a real engine each of them is a network away. */
import test from 'ava';
import { compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import { IdSource, type MediaId, type PostId, type PublishId, type UserId } from '../../src/ids.ts';
import { systemClock } from '../../src/clock.ts';
import { monthOf } from '../../src/storage/buckets.ts';
import { putRow, type Store } from '../../src/storage/store.ts';
import { media, posts, postsByAuthor } from '../../src/storage/tables/posts.ts';
import { timeline } from '../../src/storage/tables/timeline.ts';
import { Person } from '../blackbox/api.ts';
import { RoundTripCounter } from '../support/round-trips.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const POSTS = 45;
const PAGE = 20;
/** Of a node that was just started and knows nothing. */
const COLD_FEED_PAGE_MAX = 4;
/** The first page also makes the reader's actor resident: whom they follow, their newest places, their unread count. */
const ACTIVATING_FEED_PAGE_MAX = 8;

test('a page of the feed from a cold node takes few round trips, however many posts are on it', async (t) => {
  const folder = await temporaryFolder();
  const environment = {
    DATA_DIR: folder.path,
    PORT: '0',
    LOG_LEVEL: 'silent',
    RATE_LIMIT_FACTOR: '1000',
    ...process.env,
  };
  const { reader, secondPage } = await seed(environment);
  const counter = new RoundTripCounter(['get media', 'page outbox']);
  const cold = await compose(readConfig(environment), { wrapStore: counter.wrap });
  const headers = { authorization: `Bearer ${reader.accessToken}` };
  const read = async (path: string): Promise<unknown[]> => {
    const answer = await fetch(`${cold.url}${path}`, { headers });
    t.is(answer.status, 200);
    return ((await answer.json()) as { posts: unknown[] }).posts;
  };
  let shown: unknown[] = [];
  const older = await counter.during(async () => {
    shown = await read(secondPage);
  });
  t.is(shown.length, PAGE);
  t.true(older.depth <= COLD_FEED_PAGE_MAX, `${older.depth} round trips: ${older.calls.join(', ')}`);
  await cold.close();
  const coldAgain = await compose(readConfig(environment), { wrapStore: counter.wrap });
  const first = await counter.during(async () => {
    const answer = await fetch(`${coldAgain.url}/v1/feed?limit=${PAGE}`, { headers });
    t.is(((await answer.json()) as { posts: unknown[] }).posts.length, PAGE);
  });
  t.true(first.depth <= ACTIVATING_FEED_PAGE_MAX, `${first.depth} round trips: ${first.calls.join(', ')}`);
  await coldAgain.close();
  await folder.remove();
});

/** A reader with a full timeline, and the path of the feed's second page. */
async function seed(environment: Readonly<Record<string, string | undefined>>) {
  let store: Store | null = null;
  const application = await compose(readConfig(environment), {
    wrapStore: (opened) => {
      store = opened;
      return opened;
    },
  });
  const reader = await Person.register(application.url, 'reader');
  const authors = await Promise.all(['ada', 'ben', 'cy'].map((name) => Person.register(application.url, name)));
  for (const author of authors) await reader.follow(author);
  // Of a slot that no node of the test claims.
  const ids = new IdSource(systemClock, 1_000, 0, () => Number.POSITIVE_INFINITY);
  for (let index = 0; index < POSTS; index++) {
    const authorId = authors[index % authors.length]?.id as UserId;
    await (store as Store | null)?.batch(livePost(ids, authorId, reader.id as UserId));
  }
  const page = await reader.expect<{ nextCursor: string }>(200, 'GET', `/v1/feed?limit=${PAGE}`);
  await application.close();
  return { reader, secondPage: `/v1/feed?limit=${PAGE}&cursor=${encodeURIComponent(page.nextCursor)}` };
}

function livePost(ids: IdSource, authorId: UserId, readerId: UserId) {
  const postId = ids.next<PostId>();
  const mediaId = ids.next<MediaId>();
  const publishId = ids.next<PublishId>();
  const nowMs = Math.floor(systemClock.now());
  const revision = nowMs * 1000;
  const rendition = {
    size: 1080,
    format: 'jpeg',
    width: 1080,
    height: 720,
    bytes: 1,
    blobKey: `${mediaId}/1080.jpeg`,
  } as const;
  return [
    putRow(posts, {
      postId,
      authorId,
      publishId,
      state: 'live',
      caption: 'seeded',
      photos: [{ mediaId, altText: '' }],
      delivery: 'push',
      version: 1,
      createdAtMs: nowMs,
      editedAtMs: null,
      failureReason: null,
      revision,
    }),
    putRow(postsByAuthor, { authorId, month: monthOf(nowMs), publishId, postId, delivery: 'push' }),
    putRow(media, {
      mediaId,
      ownerId: authorId,
      postId,
      state: 'ready',
      blobPrefix: mediaId,
      contentType: 'image/jpeg',
      originalBytes: 1,
      width: 1080,
      height: 720,
      thumbHash: '',
      dominantColor: '',
      renditions: [rendition],
      failureReason: null,
      createdAtMs: nowMs,
      revision,
    }),
    putRow(timeline, { userId: readerId, publishId, postId, authorId }),
  ];
}
