/**
 * The people of a bench run, written into a fresh data folder through the product's own store and repositories before
 * the server starts: signing thousands of users up over REST would spend minutes on password hashes, and what is measured
 * comes after. The rows are those that signing up, following and publishing leave behind, and every photo has its files:
 * small ones, but as many as a real one has.
 *
 *   stars         authors whose posts are read from their list (as with 10,000 followers and more); everybody follows them
 *   regulars      authors whose posts were written into every follower's timeline
 *   readers       they follow all of the above
 *   bystanders    they follow a star of their own, whom nobody else follows
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import { AccessTokens } from '../../src/gateway/auth/access-tokens.ts';
import { Secrets } from '../../src/gateway/auth/secrets.ts';
import { composeId, type MediaId, type PostId, RevisionSource, type SessionId, type UserId } from '../../src/ids.ts';
import { silentLogger } from '../../src/log.ts';
import { newBlobPrefix, RENDITION_SIZES, renditionKey } from '../../src/media/media-keys.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import { EmbeddedStore } from '../../src/storage/embedded/embedded-store.ts';
import { FilesystemBlobStore } from '../../src/storage/filesystem/filesystem-blob-store.ts';
import { AccountRepository } from '../../src/storage/repositories/accounts.ts';
import { followMutations } from '../../src/storage/repositories/edge-batches.ts';
import { listPost, type PostRow, putPost } from '../../src/storage/repositories/posts.ts';
import { PullAuthorRows } from '../../src/storage/repositories/pull-authors.ts';
import { SessionRepository } from '../../src/storage/repositories/sessions.ts';
import { putTimelineRow } from '../../src/storage/repositories/timeline.ts';
import { SCHEMA_VERSION, TABLES } from '../../src/storage/schema.ts';
import { type Mutation, putRow } from '../../src/storage/store.ts';
import { counters } from '../../src/storage/tables/graph.ts';
import { media } from '../../src/storage/tables/posts.ts';
import { deletablePostId, markedCaption } from '../harness/markers.ts';

export interface WorldPlan {
  readonly readers: number;
  readonly stars: number;
  readonly postsPerStar: number;
  /** Posts of each star that exist to be deleted, in the order of their numbers. */
  readonly deletablePerStar: number;
  readonly regulars: number;
  readonly postsPerRegular: number;
  /** Followers of one more star, whom nobody else follows: other people's traffic. */
  readonly bystanders: number;
}

export const EMPTY_PLAN: WorldPlan = {
  readers: 0,
  stars: 0,
  postsPerStar: 0,
  deletablePerStar: 0,
  regulars: 0,
  postsPerRegular: 0,
  bystanders: 0,
};

export interface Person {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  /** Newest last. */
  readonly posts: readonly PostId[];
}

export interface World {
  readonly dataDir: string;
  readonly secret: string;
  readonly stars: readonly Person[];
  readonly regulars: readonly Person[];
  readonly readers: readonly Person[];
  /** The bystanders' star, if there are any. */
  readonly stranger: Person | null;
  readonly bystanders: readonly Person[];
  /** A fresh access token, as signing in gives it. */
  token(person: Person): string;
  /** The key that tokens are signed with. */
  readonly tokenKeyHex: string;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Small enough for the rows of media, which are the longest. */
const BATCH_MUTATIONS = 20;
const BATCHES_AT_ONCE = 256;
/** Of each rendition's file. A real one has a few hundred times as many, which nothing that is measured reads. */
const PHOTO_BYTES = Buffer.alloc(256, 1);
/** Slots of ids made here: no node claims them before hundreds of others. */
const SLOT = { user: 800, post: 801, media: 802, session: 803 } as const;
const PHOTO = { width: 1080, height: 1350, thumbHash: 'HBkSHYSIeHiPiHh8eJd4eTN0EEQG', dominantColor: '#7a5c43' };
/** Nobody signs in with a password here; the row is as long as a real one. */
const PASSWORD_HASH = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'B'.repeat(43)}`;

export function worldSecret(): string {
  return systemClock.randomBytes(48).toString('base64url');
}

export async function makeWorld(dataDir: string, plan: WorldPlan, secret = worldSecret()): Promise<World> {
  await mkdir(dataDir, { recursive: true });
  const basics = { clock: systemClock, log: silentLogger };
  const store = await EmbeddedStore.open({
    ...basics,
    directory: dataDir,
    tables: TABLES,
    schemaVersion: SCHEMA_VERSION,
  });
  const blobs = await FilesystemBlobStore.open({ ...basics, directory: join(dataDir, 'media') });
  try {
    const keys = new Secrets([secret]).keys('access-token');
    const tokens = new AccessTokens(keys, { issuer: 'shutterline', audience: 'shutterline' });
    const people = await new WorldMaker(store, blobs).make(plan);
    const token = ({ userId, sessionId }: Person): string => tokens.issue(userId, sessionId, systemClock.now());
    return { dataDir, secret, tokenKeyHex: keys.newest.key.export().toString('hex'), token, ...people };
  } finally {
    await blobs.close();
    await store.close();
  }
}

type People = Pick<World, 'stars' | 'regulars' | 'readers' | 'stranger' | 'bystanders'>;

class WorldMaker {
  private readonly store: EmbeddedStore;
  private readonly blobs: BlobStore;
  private readonly revisions = new RevisionSource(systemClock);
  private readonly startedMs = systemClock.now();
  private waiting: Mutation[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private users = 0;
  private posts = 0;

  constructor(store: EmbeddedStore, blobs: BlobStore) {
    this.store = store;
    this.blobs = blobs;
  }

  async make(plan: WorldPlan): Promise<People> {
    const stars = await this.authors('pull', plan.stars, plan.postsPerStar, plan.deletablePerStar);
    const regulars = await this.authors('push', plan.regulars, plan.postsPerRegular, 0);
    const readers = await this.people(plan.readers);
    for (const star of stars) await this.makeStar(star, plan.readers);
    for (const regular of regulars) await this.count(regular.userId, 'followers', plan.readers);
    const followed = [...stars, ...regulars];
    for (const reader of readers) {
      for (const { userId } of followed) await this.follow(reader.userId, userId);
      for (const regular of regulars) {
        for (const postId of regular.posts) await this.write(this.place(reader.userId, regular.userId, postId));
      }
    }
    const { stranger, bystanders } = await this.others(plan);
    await this.flush();
    return { stars, regulars, readers, stranger, bystanders };
  }

  private async others(plan: WorldPlan): Promise<Pick<World, 'stranger' | 'bystanders'>> {
    const [stranger = null] = await this.authors('pull', plan.bystanders > 0 ? 1 : 0, plan.postsPerStar, 0);
    const bystanders = await this.people(plan.bystanders);
    if (stranger === null) return { stranger, bystanders };
    await this.makeStar(stranger, plan.bystanders);
    for (const bystander of bystanders) await this.follow(bystander.userId, stranger.userId);
    return { stranger, bystanders };
  }

  private async authors(
    delivery: PostRow['delivery'],
    count: number,
    posts: number,
    deletable: number,
  ): Promise<Person[]> {
    const people = await this.people(count);
    const authors: Person[] = [];
    for (const [stream, person] of people.entries()) {
      const written: PostId[] = [];
      for (let number = 0; number < deletable; number++) {
        await this.publish(person.userId, deletablePostId(stream, number), delivery);
      }
      for (let number = 0; number < posts; number++) {
        const postId = composeId<PostId>(this.startedMs - DAY_MS + this.posts++ * 10, SLOT.post, 0);
        await this.publish(person.userId, postId, delivery);
        written.push(postId);
      }
      authors.push({ ...person, posts: written });
    }
    return authors;
  }

  private async people(count: number): Promise<Person[]> {
    const accounts = new AccountRepository(this.store);
    const sessions = new SessionRepository(this.store, systemClock);
    const people: Person[] = [];
    for (let made = 0; made < count; made++) {
      const number = this.users++;
      const userId = composeId<UserId>(this.startedMs - 2 * DAY_MS + number, SLOT.user, 0);
      const sessionId = composeId<SessionId>(this.startedMs - HOUR_MS + number, SLOT.session, 0);
      const username = `bench_${number}`;
      const email = `${username}@example.org`;
      const createdAtMs = this.startedMs - 2 * DAY_MS;
      const revision = this.revisions.next();
      const user = { userId, username, displayName: username, bio: '', avatarMediaId: null, state: 'active' } as const;
      const secret = { userId, email, passwordHash: PASSWORD_HASH, revision };
      await this.track(accounts.claim({ kind: 'username', value: username, userId, claimedAtMs: createdAtMs }));
      await this.track(accounts.claim({ kind: 'email', value: email, userId, claimedAtMs: createdAtMs }));
      await this.track(accounts.create({ ...user, createdAtMs, revision }, secret, []));
      const session = { sessionId, userId, device: 'bench', generation: 0, rotatedAtMs: this.startedMs };
      await this.track(sessions.create({ ...session, createdAtMs: this.startedMs, state: 'active' }));
      people.push({ userId, sessionId, posts: [] });
    }
    return people;
  }

  private async publish(authorId: UserId, postId: PostId, delivery: PostRow['delivery']): Promise<void> {
    const mediaId = composeId<MediaId>(this.startedMs - DAY_MS + this.posts++, SLOT.media, this.posts % 4096);
    const blobPrefix = newBlobPrefix(mediaId, systemClock);
    const renditions = RENDITION_SIZES.flatMap((size) =>
      (['jpeg', 'webp'] as const).map((format) => {
        const [width, height, bytes] = [size, Math.round(size * 1.25), PHOTO_BYTES.length];
        return { size, format, width, height, bytes, blobKey: renditionKey(blobPrefix, size, format) };
      }),
    );
    for (const { blobKey, format } of renditions) {
      await this.track(this.blobs.writePermanent(blobKey, PHOTO_BYTES, { contentType: `image/${format}` }));
    }
    const createdAtMs = this.startedMs - DAY_MS;
    const post: PostRow = {
      postId,
      authorId,
      publishId: postId as unknown as NonNullable<PostRow['publishId']>,
      state: 'live',
      caption: markedCaption({ stream: 99, number: 0, sentAtUs: 0 }),
      photos: [{ mediaId, altText: '' }],
      delivery,
      version: 2,
      createdAtMs,
      editedAtMs: null,
      failureReason: null,
      revision: this.revisions.next(),
    };
    const medium = { mediaId, ownerId: authorId, postId, state: 'ready', blobPrefix, renditions } as const;
    const facts = { contentType: 'image/jpeg', originalBytes: 2_000_000, failureReason: null, createdAtMs };
    await this.write(putPost(post));
    await this.write(listPost(post, postId as unknown as NonNullable<PostRow['publishId']>));
    await this.write(putRow(media, { ...medium, ...facts, ...PHOTO, revision: this.revisions.next() }));
  }

  private async makeStar(star: Person, followers: number): Promise<void> {
    const rows = new PullAuthorRows(this.store);
    const sinceMs = this.startedMs - DAY_MS;
    await this.track(rows.enter(star.userId, sinceMs));
    await this.track(
      rows.setDelivery({ authorId: star.userId, delivery: 'pull', sinceMs, revision: this.revisions.next() }),
    );
    // A star has more followers than connect here: as many as make one.
    await this.count(star.userId, 'followers', Math.max(followers, 100_000));
  }

  private count(userId: UserId, name: 'followers', value: number): Promise<void> {
    return this.write(putRow(counters, { subject: `user:${userId}`, name, value, revision: this.revisions.next() }));
  }

  private async follow(followerId: UserId, followedId: UserId): Promise<void> {
    const change = { state: 'active', atMs: this.startedMs - HOUR_MS, revision: this.revisions.next() } as const;
    for (const mutation of followMutations(followerId, followedId, change)) await this.write(mutation);
  }

  private place(userId: UserId, authorId: UserId, postId: PostId): Mutation {
    return putTimelineRow(userId, { postId, authorId, publishId: postId as never });
  }

  private async write(mutation: Mutation): Promise<void> {
    this.waiting.push(mutation);
    if (this.waiting.length < BATCH_MUTATIONS) return;
    const batch = this.waiting;
    this.waiting = [];
    await this.track(this.store.batch(batch));
  }

  /** Many writes at once are what the store groups; too many at once it refuses. */
  private async track(work: Promise<unknown>): Promise<void> {
    const tracked: Promise<void> = work.then(() => {
      this.underWay.delete(tracked);
    });
    this.underWay.add(tracked);
    while (this.underWay.size >= BATCHES_AT_ONCE) {
      await Promise.race(this.underWay);
      await turn();
    }
  }

  private async flush(): Promise<void> {
    if (this.waiting.length > 0) await this.store.batch(this.waiting.splice(0));
    await Promise.all(this.underWay);
  }
}
