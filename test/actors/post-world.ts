/** The posts half of the product over a store in memory: real posts, feed, fan-out and graph rows; a simple live room. */
import { AuthorDelivery, type DeliveryThresholds } from '../../src/actors/fan-out/author-delivery.ts';
import { FanOutChunks } from '../../src/actors/fan-out/fan-out-chunks.ts';
import { FanOutHandler } from '../../src/actors/fan-out/fan-out-handler.ts';
import { PostNews } from '../../src/actors/fan-out/post-news.ts';
import { PullAuthorsList } from '../../src/actors/fan-out/pull-authors-list.ts';
import { CatchUp } from '../../src/actors/feed/catch-up.ts';
import { DurableInboxWriter } from '../../src/actors/feed/durable-inbox-writer.ts';
import { postHydrators } from '../../src/actors/feed/event-hydration.ts';
import { FeedActivationSource } from '../../src/actors/feed/feed-activation-source.ts';
import { FeedService } from '../../src/actors/feed/feed-service.ts';
import type { EngagementCounts } from '../../src/actors/engagement/engagement-reader.ts';
import { RememberedFeed } from '../../src/actors/feed/remembered-feed.ts';
import { FeedSkeleton } from '../../src/actors/feed/feed-skeleton.ts';
import { PulledPosts } from '../../src/actors/feed/pulled-posts.ts';
import { StoredTimelineMerger } from '../../src/actors/feed/stored-timeline-merger.ts';
import type { Mailboxes } from '../../src/actors/mailboxes.ts';
import { PostCache } from '../../src/actors/posts/post-cache.ts';
import { PostCommits } from '../../src/actors/posts/post-commits.ts';
import { PostMediaOutcome } from '../../src/actors/posts/post-media-outcome.ts';
import { PostReader } from '../../src/actors/posts/post-reader.ts';
import { PostService } from '../../src/actors/posts/post-service.ts';
import { StoredPostAccess } from '../../src/actors/posts/stored-post-access.ts';
import type { PostView } from '../../src/actors/views.ts';
import { invariant } from '../../src/errors.ts';
import { IdSource, type MediaId, type PostId, RevisionSource, type UserId } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/log.ts';
import { mediaView } from '../../src/media/media-urls.ts';
import type { Uploads } from '../../src/media/uploads.ts';
import { type Activity, type Dispatch, type OutboxEntry, recordActivity } from '../../src/storage/activity.ts';
import { MemoryStore } from '../../src/storage/memory/memory-store.ts';
import { followMutations } from '../../src/storage/repositories/edge-batches.ts';
import { InboxRows } from '../../src/storage/repositories/inbox.ts';
import { type MediaRow, PostRows } from '../../src/storage/repositories/posts.ts';
import { PullAuthorRows } from '../../src/storage/repositories/pull-authors.ts';
import { StoredFollowEdges } from '../../src/storage/repositories/stored-follow-edges.ts';
import { TimelineRows } from '../../src/storage/repositories/timeline.ts';
import { putRow, type Store } from '../../src/storage/store.ts';
import { outbox } from '../../src/storage/tables/operations.ts';
import { media, type MediaState } from '../../src/storage/tables/posts.ts';
import { inbox as inboxTable, timeline as timelineTable } from '../../src/storage/tables/timeline.ts';
import { ManualClock } from './manual-clock.ts';
import { RecordingLive } from './recording-live.ts';

/** One task of a user at a time, in order of arrival. */
class SerialMailboxes implements Mailboxes {
  private readonly last = new Map<UserId, Promise<unknown>>();

  async run<Result>(userId: UserId, task: () => Promise<Result>): Promise<Result> {
    const before = this.last.get(userId) ?? Promise.resolve();
    const mine = before.then(task, task);
    this.last.set(
      userId,
      mine.catch(() => undefined),
    );
    return mine;
  }
}

export interface PostWorldOptions {
  readonly exposeHalfBatches?: boolean;
  readonly wrapStore?: (store: Store, clock: ManualClock) => Store;
  readonly thresholds?: DeliveryThresholds;
  readonly chunkSize?: number;
  readonly pageEvents?: number;
  /** Takes what is dispatched, as the queue does. */
  readonly dispatch?: Dispatch;
  /** Real uploads instead of rows that only say `pending`. */
  readonly openUploads?: (parts: UploadParts) => Pick<Uploads, 'plan'>;
}

export interface UploadParts {
  readonly store: Store;
  readonly ids: IdSource;
  readonly revisions: RevisionSource;
  readonly clock: ManualClock;
  readonly dispatch: Dispatch;
}

const NOBODY_PULLED: DeliveryThresholds = { threshold: 1e9, hysteresis: 1e9, graceMs: 0 };

export async function postWorld(options: PostWorldOptions = {}) {
  const clock = new ManualClock();
  const memory = new MemoryStore({ clock, exposeHalfBatches: options.exposeHalfBatches ?? false });
  const store = options.wrapStore?.(memory, clock) ?? memory;
  const ids = new IdSource(clock, 1);
  const revisions = new RevisionSource(clock);
  const mailboxes = new SerialMailboxes();
  const edges = new StoredFollowEdges(store);
  const rows = new PostRows(store);
  const timelines = new TimelineRows(store);
  const inboxRows = new InboxRows(store);
  const cache = new PostCache(rows);
  const access = new StoredPostAccess(cache);
  const live = new RecordingLive(clock);
  const dispatched: OutboxEntry[] = [];
  const dispatch = (entries: readonly OutboxEntry[]) => {
    dispatched.push(...entries);
    options.dispatch?.(entries);
  };
  const likes = new Map<PostId, Set<UserId>>();

  const profiles = {
    async summaries(userIds: readonly UserId[]) {
      return userIds.map((id) => ({ id, username: `u-${id}`, displayName: `U ${id}`, avatarUrl: null }));
    },
  };
  const engagement = {
    counts: async (postIds: readonly PostId[]) => engagement.lastCounts(postIds),
    lastCounts(postIds: readonly PostId[]): EngagementCounts[] {
      return postIds.map((postId) => ({ likeCount: likes.get(postId)?.size ?? 0, commentCount: 0 }));
    },
    async likedBy(userId: UserId, postIds: readonly PostId[]) {
      return postIds.map((postId) => likes.get(postId)?.has(userId) ?? false);
    },
  };
  const presentPhoto = (row: MediaRow, altText: string) => mediaView(row, altText, 'https://photos.test');
  const reader = new PostReader({ profiles, engagement, presentPhoto });
  const pullRows = new PullAuthorRows(store);
  const pullAuthors = await PullAuthorsList.open(pullRows, clock, silentLogger);
  const delivery = new AuthorDelivery({
    rows: pullRows,
    list: pullAuthors,
    followerCount: (userId) => edges.countFollowers(userId),
    clock,
    revisions,
    thresholds: options.thresholds ?? NOBODY_PULLED,
  });
  const commits = new PostCommits({
    store,
    ids,
    revisions,
    clock,
    cache,
    reader,
    delivery,
    live,
    dispatch,
    logger: silentLogger,
  });
  const uploads = options.openUploads?.({ store, ids, revisions, clock, dispatch }) ?? {
    async plan({ mediaId, ownerId, postId }: { mediaId: MediaId; ownerId: UserId; postId: PostId | null }) {
      const row = mediaRow({ mediaId, ownerId, postId, state: 'pending' });
      const slot = { mediaId, uploadUrl: `https://photos.test/upload/${mediaId}`, headers: {} };
      return { slot, mutations: [putRow(media, row)] };
    },
  };
  const parts = { store, rows, cache, access, reader, commits, profiles, uploads, mailboxes, ids, revisions, clock };
  const service = new PostService(parts);
  const inbox = new DurableInboxWriter({ store, ids, clock, live, logger: silentLogger });
  const outcome = new PostMediaOutcome({ rows, cache, commits, inbox, mailboxes, clock });
  const merger = new StoredTimelineMerger({ posts: rows, timelines, live, clock });
  const news = new PostNews(cache, reader);
  const chunks = new FanOutChunks({ store, posts: rows, timelines, edges, news, inbox, clock });
  const fanOut = new FanOutHandler({
    store,
    posts: rows,
    timelines,
    edges,
    news,
    chunks,
    inbox,
    inboxes: inboxRows,
    live,
    clock,
    merger,
    dispatch,
    chunkSize: options.chunkSize ?? limits.fanOutChunk,
  });
  const pulled = new PulledPosts({ posts: rows, edges, pullAuthors, clock });
  const skeleton = new FeedSkeleton(timelines, pulled);
  const source = new FeedActivationSource({
    posts: rows,
    timelines,
    edges,
    skeleton,
    clock,
    state: async () => ({ unreadNotifications: 0 }),
  });
  live.source = source;
  const catchUp = new CatchUp({
    inbox: inboxRows,
    pulled,
    clock,
    hydrators: postHydrators({ cache, reader, edges }),
    pageEvents: options.pageEvents ?? limits.syncPageEvents,
  });
  const activate = (userId: UserId) => live.activate(userId);
  const remembered = new RememberedFeed({ live, cache, reader });
  const feed = new FeedService({ live, activate, skeleton, catchUp, cache, reader, edges, remembered });

  async function changeEdge(followerId: UserId, followedId: UserId, state: 'active' | 'gone'): Promise<void> {
    const kind = state === 'active' ? 'follow.created' : 'follow.removed';
    const recorded = recordActivity(ids, { kind, followerId, followedId }, followerId);
    live.setInterest(followerId, followedId, state === 'active');
    const change = { state, atMs: clock.now(), revision: revisions.next() };
    await store.batch([...followMutations(followerId, followedId, change), ...recorded.mutations]);
  }

  async function pending(): Promise<OutboxEntry[]> {
    const entries: OutboxEntry[] = [];
    for await (const row of memory.scan(outbox)) entries.push(row);
    return entries.sort((left, right) => (left.outboxId < right.outboxId ? -1 : 1));
  }

  async function setMedia(mediaId: MediaId, state: MediaState, failureReason: string | null = null): Promise<void> {
    const row = await memory.get(media, { mediaId });
    invariant(row, 'a medium');
    await memory.put(media, { ...row, ...shown(state, mediaId), failureReason, revision: revisions.next() });
  }

  return {
    clock,
    memory,
    store,
    ids,
    revisions,
    edges,
    rows,
    timelines,
    live,
    cache,
    access,
    dispatched,
    likes,
    service,
    outcome,
    fanOut,
    chunks,
    inbox,
    merger,
    feed,
    pullAuthors,
    delivery,
    source,
    commits,
    changeEdge,
    pending,
    setMedia,

    user(): UserId {
      clock.advance(1);
      return ids.next<UserId>();
    },
    async follow(followerId: UserId, followedId: UserId): Promise<void> {
      await changeEdge(followerId, followedId, 'active');
      await merger.mergeAuthor(followerId, followedId);
    },
    /** A follow that dies before its merge. */
    commitFollow: (followerId: UserId, followedId: UserId) => changeEdge(followerId, followedId, 'active'),
    unfollow: (followerId: UserId, followedId: UserId) => changeEdge(followerId, followedId, 'gone'),

    async draft(authorId: UserId, caption = 'c', photoCount = 1): Promise<PostView> {
      const photos = Array.from({ length: photoCount }, () => ({ contentType: 'image/jpeg', altText: '' }));
      return (await service.createDraft(authorId, { caption, photos }, { key: null })).post;
    },
    /** A live post with one photo, all renditions there, before any fan-out. */
    async publish(authorId: UserId, caption = 'c'): Promise<PostView> {
      clock.advance(1);
      const draft = await this.draft(authorId, caption);
      const { mediaId } = draft.photos[0] ?? {};
      invariant(mediaId, 'a photo');
      await setMedia(mediaId, 'ready');
      await outcome.viewable(mediaId);
      const record = await rows.record(draft.id);
      invariant(record?.post.state === 'live', 'the post is live');
      return reader.view(record);
    },
    /** Works the outbox off as workers do: the row goes after the handler resolved. */
    async drain(): Promise<void> {
      for (let entries = await pending(); entries.length > 0; entries = await pending()) {
        for (const entry of entries) {
          if (entry.consumer === 'fan-out') await fanOut.handle(entry);
          if (entry.consumer === 'fan-out-chunk') await chunks.handle(entry);
          await memory.remove(outbox, entry);
        }
      }
    },
    async activitiesPending(): Promise<Activity[]> {
      return (await pending()).map((entry) => entry.activity);
    },
    async timelineOf(userId: UserId): Promise<PostId[]> {
      return (await memory.page(timelineTable, { userId }, { limit: 1000 })).map((row) => row.postId);
    },
    async inboxOf(userId: UserId) {
      const found = [];
      for await (const row of memory.scan(inboxTable)) if (row.userId === userId) found.push(row);
      return found.sort((left, right) => (left.arrivalId < right.arrivalId ? -1 : 1));
    },
    /** Every page of the feed, `limit` posts each. */
    async wholeFeed(userId: UserId, limit: number): Promise<PostId[]> {
      const shownIds: PostId[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof feed.page>> = await feed.page(userId, { cursor, limit });
        shownIds.push(...page.posts.map((post) => post.id));
        cursor = page.nextCursor;
      } while (cursor !== null);
      return shownIds;
    },
  };
}

export type PostWorld = Awaited<ReturnType<typeof postWorld>>;

type MediaOwner = Pick<MediaRow, 'mediaId' | 'ownerId' | 'postId' | 'state'>;

export function mediaRow(known: MediaOwner): MediaRow {
  return {
    ...known,
    blobPrefix: `blob-${known.mediaId}`,
    contentType: 'image/jpeg',
    originalBytes: 1,
    ...shown(known.state, known.mediaId),
    failureReason: null,
    createdAtMs: 1,
    revision: 1,
  };
}

function shown(state: MediaState, mediaId: MediaId) {
  const seen = state === 'viewable' || state === 'ready';
  const sizes = state === 'ready' ? [1080, 640] : state === 'viewable' ? [640] : [];
  const renditions = sizes.map((size) => {
    const blobKey = `blob-${mediaId}/${size}.jpg`;
    return { size, format: 'jpeg' as const, width: size, height: size, bytes: 1, blobKey };
  });
  const [width, thumbHash, dominantColor] = seen ? [1080, 'AAAA', '#808080'] : [0, '', ''];
  return { state, width, height: width, thumbHash, dominantColor, renditions };
}
