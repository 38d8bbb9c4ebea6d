/** A small network in a data folder, as its reader finds it on a node that was just started and knows nothing. */
import { freshCursor } from '../../src/actors/feed/sync-cursor.ts';
import { type Application, compose } from '../../src/compose.ts';
import { systemClock } from '../../src/clock.ts';
import { readConfig } from '../../src/config.ts';
import { IdSource, type MediaId, type PostId, type PublishId, type UserId } from '../../src/ids.ts';
import type { JobQueue } from '../../src/media/job-queue.ts';
import { originalKey } from '../../src/media/media-keys.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import { monthOf } from '../../src/storage/buckets.ts';
import { putRow, type Mutation, type Store } from '../../src/storage/store.ts';
import { users } from '../../src/storage/tables/accounts.ts';
import { pullAuthors } from '../../src/storage/tables/graph.ts';
import { media, posts, postsByAuthor } from '../../src/storage/tables/posts.ts';
import { timeline } from '../../src/storage/tables/timeline.ts';
import { Person } from '../blackbox/api.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { waitFor } from '../support/wait-for.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export const PAGE = 20;
const PUSHED_POSTS = 45;
const PULLED_POSTS = 5;

export interface RoundTripWorld {
  readonly reader: Person;
  readonly author: Person;
  /** Followed by nobody. */
  readonly stranger: Person;
  /** The author's, with a comment by the reader; and another, which the reader likes. */
  readonly postId: string;
  readonly likedPostId: string;
  readonly commentId: string;
  /** The reader's own, live. */
  readonly ownPostId: string;
  /** A draft of the reader's, whose bytes have arrived. */
  readonly arrivedMediaId: string;
  readonly secondPage: string;
  /** From before all of it. */
  readonly syncCursor: string;
}

/** What is left to be done is kept, and not done: only the answers cost anything. */
export function withoutWorkers(queue: JobQueue): JobQueue {
  const close = async (): Promise<void> => undefined;
  return new Proxy(queue, {
    get(target, name) {
      if (name === 'work') return () => ({ close });
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member as (...given: unknown[]) => unknown).bind(target) : member;
    },
  });
}

/** The reconciler, which begins behind the start, waits for its list for ever and asks nothing. */
export function withoutReconciler(blobs: BlobStore): BlobStore {
  return new Proxy(blobs, {
    get(target, name) {
      if (name === 'list') return () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) });
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member as (...given: unknown[]) => unknown).bind(target) : member;
    },
  });
}

/** The reader follows three authors whose posts were written to the timeline, and one whose list is read. */
export async function seed(environment: Environment): Promise<RoundTripWorld> {
  const { application, store, blobs } = await openSeeding(environment);
  const { url } = application;
  const reader = await Person.register(url, 'reader');
  const names = ['ada', 'ben', 'cy', 'dee'];
  const authors = await Promise.all(names.map((name) => Person.register(url, name)));
  const stranger = await Person.register(url, 'stranger');
  for (const author of authors) await reader.follow(author);
  const [author, , , pulled] = authors as [Person, Person, Person, Person];
  const rows = new SeedRows();
  for (const each of [reader, stranger, ...authors]) await store.batch(await rows.avatar(store, each.id as UserId));
  const list: string[] = [];
  for (let index = 0; index < PUSHED_POSTS; index++) {
    const authorId = authors[index % 3]?.id as UserId;
    const { postId, mutations } = rows.post(authorId, reader.id as UserId);
    await store.batch(mutations);
    list.push(postId);
  }
  await store.put(pullAuthors, { list: 'all', authorId: pulled.id as UserId, enteredAtMs: 0 });
  for (let index = 0; index < PULLED_POSTS; index++) {
    await store.batch(rows.post(pulled.id as UserId, null).mutations);
  }
  const own = rows.post(reader.id as UserId, null);
  await store.batch(own.mutations);
  const [postId = '', , , likedPostId = ''] = list;
  await reader.expect(200, 'PUT', `/v1/posts/${likedPostId}/like`);
  const comment = await reader.expect<{ id: string }>(201, 'POST', `/v1/posts/${postId}/comments`, {
    body: { text: 'lovely' },
  });
  await author.follow(reader);
  await author.expect(200, 'PUT', `/v1/posts/${own.postId}/like`);
  await waitFor('notifications', async () => {
    const page = await reader.expect<{ unread: number }>(200, 'GET', '/v1/notifications');
    return page.unread === 2;
  });
  const page = await reader.expect<{ nextCursor: string }>(200, 'GET', `/v1/feed?limit=${PAGE}`);
  const arrivedMediaId = await arrivedUpload(reader, store, blobs);
  await application.close();
  return {
    reader,
    author,
    stranger,
    postId,
    likedPostId,
    commentId: comment.id,
    ownPostId: own.postId,
    arrivedMediaId,
    secondPage: `/v1/feed?limit=${PAGE}&cursor=${encodeURIComponent(page.nextCursor)}`,
    syncCursor: freshCursor(systemClock.now()),
  };
}

async function openSeeding(
  environment: Environment,
): Promise<{ application: Application; store: Store; blobs: BlobStore }> {
  const opened: { store?: Store; blobs?: BlobStore } = {};
  const application = await compose(readConfig(environment), {
    wrapStore: (store) => (opened.store = store),
    wrapBlobs: (blobs) => (opened.blobs = blobs),
  });
  const { store, blobs } = opened;
  if (store === undefined || blobs === undefined) throw new Error('the application opened no storage');
  return { application, store, blobs };
}

/** As if the phone had sent the bytes to the storage by itself: nobody knows yet that they came. */
async function arrivedUpload(owner: Person, store: Store, blobs: BlobStore): Promise<string> {
  const draft = await owner.expect<{ uploads: { mediaId: MediaId }[] }>(201, 'POST', '/v1/posts', {
    body: { caption: 'on its way' },
  });
  const mediaId = draft.uploads[0]?.mediaId as MediaId;
  const row = await store.get(media, { mediaId });
  const bytes = await smallPhotograph(1);
  const content = (async function* () {
    yield bytes;
  })();
  await blobs.writeTemporary(originalKey(row?.blobPrefix ?? ''), content, {
    contentType: 'image/jpeg',
    bytesMax: bytes.length,
  });
  return mediaId;
}

class SeedRows {
  // Of a slot that no node of the test claims.
  private readonly ids = new IdSource(systemClock, 1_000, 0, () => Number.POSITIVE_INFINITY);
  private readonly nowMs = Math.floor(systemClock.now());

  async avatar(store: Store, userId: UserId): Promise<Mutation[]> {
    const user = await store.get(users, { userId });
    if (user === null) throw new Error('no such user');
    const mediaId = this.ids.next<MediaId>();
    return [
      this.photo(mediaId, userId, null),
      putRow(users, { ...user, avatarMediaId: mediaId, revision: user.revision + 1 }),
    ];
  }

  /** Live; in the reader's timeline, or on its author's list alone. */
  post(authorId: UserId, readerId: UserId | null): { postId: PostId; mutations: Mutation[] } {
    const postId = this.ids.next<PostId>();
    const mediaId = this.ids.next<MediaId>();
    const publishId = this.ids.next<PublishId>();
    const delivery = readerId === null ? 'pull' : 'push';
    const post = putRow(posts, {
      postId,
      authorId,
      publishId,
      state: 'live',
      caption: 'seeded',
      photos: [{ mediaId, altText: '' }],
      delivery,
      version: 1,
      createdAtMs: this.nowMs,
      editedAtMs: null,
      failureReason: null,
      revision: this.nowMs * 1000,
    });
    const listed = putRow(postsByAuthor, { authorId, month: monthOf(this.nowMs), publishId, postId, delivery });
    const placed = readerId === null ? [] : [putRow(timeline, { userId: readerId, publishId, postId, authorId })];
    return { postId, mutations: [post, listed, this.photo(mediaId, authorId, postId), ...placed] };
  }

  private photo(mediaId: MediaId, ownerId: UserId, postId: PostId | null): Mutation {
    const rendition = {
      size: 1080,
      format: 'jpeg',
      width: 1080,
      height: 720,
      bytes: 1,
      blobKey: `${mediaId}/1080.jpeg`,
    } as const;
    return putRow(media, {
      mediaId,
      ownerId,
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
      createdAtMs: this.nowMs,
      revision: this.nowMs * 1000,
    });
  }
}
