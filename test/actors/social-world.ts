/** The social half of the product over a store in memory, with everything around it recorded instead of done. */
import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../src/clock.ts';
import { CountersConsumer } from '../../src/actors/counts/counters-consumer.ts';
import { LiveCounts } from '../../src/actors/counts/live-counts.ts';
import { CommentCommands } from '../../src/actors/engagement/comment-commands.ts';
import { EngagementService } from '../../src/actors/engagement/engagement-service.ts';
import { LikeCommands } from '../../src/actors/engagement/like-commands.ts';
import type { InboxEvent } from '../../src/actors/feed/inbox-writer.ts';
import { GraphService } from '../../src/actors/graph/graph-service.ts';
import { NotificationFacts } from '../../src/actors/notifications/notification-facts.ts';
import { NotificationService } from '../../src/actors/notifications/notification-service.ts';
import { NotificationsConsumer } from '../../src/actors/notifications/notifications-consumer.ts';
import { UnreadCounts } from '../../src/actors/notifications/unread-counts.ts';
import type { PostAccess, PostRow } from '../../src/actors/posts/post-access.ts';
import { ProfileService } from '../../src/actors/profiles/profile-service.ts';
import { SummaryCache } from '../../src/actors/profiles/summary-cache.ts';
import { LocalTopics } from '../../src/actors/topics/local-topics.ts';
import { UserMailboxes } from '../../src/actors/user-mailboxes.ts';
import { Problem } from '../../src/errors.ts';
import { IdSource, type MediaId, type PostId, type PublishId, RevisionSource, type UserId } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/log.ts';
import type { OutboxEntry } from '../../src/storage/activity.ts';
import { MemoryStore } from '../../src/storage/memory/memory-store.ts';
import { Comments } from '../../src/storage/repositories/comments.ts';
import { Counters } from '../../src/storage/repositories/counters.ts';
import { Likes } from '../../src/storage/repositories/likes.ts';
import { Notifications } from '../../src/storage/repositories/notifications.ts';
import { ProfileRows, type MediaRow } from '../../src/storage/repositories/profile-rows.ts';
import { StoredFollowEdges } from '../../src/storage/repositories/stored-follow-edges.ts';
import type { Store } from '../../src/storage/store.ts';
import { claims as claimsTable, users } from '../../src/storage/tables/accounts.ts';
import { outbox } from '../../src/storage/tables/operations.ts';
import { media, type MediaState, posts, postsByAuthor } from '../../src/storage/tables/posts.ts';
import { monthOf } from '../../src/storage/buckets.ts';

/** Stands still except that each look moves it one millisecond on: every id has a time of its own. */
export class TickingClock implements Clock {
  private wallMs = Date.UTC(2026, 0, 15);
  private runningMs = 0;

  now(): number {
    return ++this.wallMs;
  }
  monotonic(): number {
    return this.runningMs;
  }
  advance(durationMs: number): void {
    this.wallMs += durationMs;
    this.runningMs += durationMs;
  }
  after = (delayMs: number, task: () => void) => systemClock.after(delayMs, task);
  every = (periodMs: number, task: () => void) => systemClock.every(periodMs, task);
  random = () => systemClock.random();
  randomBytes = (count: number) => randomBytes(count);
}

class StoredPosts implements PostAccess {
  private readonly store: Store;
  readonly hidden = new Set<string>();

  constructor(store: Store) {
    this.store = store;
  }

  async visible(viewerId: UserId | null, postId: PostId): Promise<PostRow> {
    const row = await this.store.get(posts, { postId });
    const shown = row !== null && (row.state === 'live' || (row.state === 'draft' && row.authorId === viewerId));
    if (!shown || this.hidden.has(`${viewerId}/${postId}`)) throw new Problem('not-found');
    return row;
  }
}

export function socialWorld(options: { exposeHalfBatches?: boolean; wrapStore?: (store: Store) => Store } = {}) {
  const clock = new TickingClock();
  const memory = new MemoryStore({ clock, exposeHalfBatches: options.exposeHalfBatches ?? false });
  const store = options.wrapStore?.(memory) ?? memory;
  const ids = new IdSource(clock, 1);
  const revisions = new RevisionSource(clock);
  const mailboxes = new UserMailboxes({ clock, limits, onInvariant: () => undefined });
  const topics = new LocalTopics(silentLogger);
  const access = new StoredPosts(store);
  const [edges, likes, comments] = [new StoredFollowEdges(store), new Likes(store), new Comments(store)];
  const [rows, notifications] = [new ProfileRows(store), new Notifications(store)];
  const counters = new Counters(store);
  const dispatched: OutboxEntry[] = [];
  /** What the parts around were asked to do, in order. */
  const journal: string[] = [];
  const inbox = new Map<UserId, InboxEvent[]>();
  const badges = new Map<UserId, number>();
  const dispatch = (entries: readonly OutboxEntry[]) => void dispatched.push(...entries);

  const counts = new LiveCounts({ counters, clock, revisions });
  const summaries = new SummaryCache({ rows, clock, avatarUrl: (row) => `https://media.test/${row.blobPrefix}` });
  const commands = { store, counts, ids, revisions, dispatch };
  const profiles = new ProfileService({
    ...commands,
    rows,
    summaries,
    mailboxes,
    follows: (followerId, followedIds) => edges.follows(followerId, followedIds),
    foldName: (name) => name.toLowerCase(),
    uploads: {
      plan: async ({ mediaId, ownerId }) => ({
        slot: { mediaId, uploadUrl: `https://media.test/upload/${mediaId}`, headers: {} },
        mutations: [{ kind: 'put', table: media, row: mediaRow(mediaId, ownerId, 'pending') }],
      }),
    },
  });
  const live = {
    setInterest: (userId: UserId, authorId: UserId, interested: boolean) =>
      void journal.push(`interest ${userId} ${authorId} ${interested}`),
    setState: (userId: UserId, state: { unreadNotifications?: number }) =>
      void badges.set(userId, state.unreadNotifications ?? 0),
  };
  const graph = new GraphService({
    ...commands,
    edges,
    users: rows,
    profiles,
    live,
    mailboxes,
    timelines: {
      async mergeAuthor(userId, authorId) {
        const [follows] = await edges.follows(userId, [authorId]);
        journal.push(`merge ${userId} ${authorId} ${follows}`);
      },
    },
  });
  const engagement = new EngagementService({
    store,
    access,
    comments,
    profiles,
    counts,
    topics,
    mailboxes,
    ids,
    clock,
    likeCommands: new LikeCommands({ ...commands, likes }),
    commentCommands: new CommentCommands({ ...commands, comments }),
  });
  const unread = new UnreadCounts({ notifications, live, clock });
  const notificationService = new NotificationService({
    rows: notifications,
    profiles,
    unread,
    mailboxes,
    revisions,
    clock,
  });
  const notificationsConsumer = new NotificationsConsumer({
    notifications,
    profiles,
    unread,
    mailboxes,
    facts: new NotificationFacts({ edges, likes, comments, access }),
    inbox: {
      async append(userId, event) {
        inbox.set(userId, [...(inbox.get(userId) ?? []), event]);
      },
      async appendToMany(userIds, event) {
        for (const userId of userIds) await this.append(userId, event);
      },
    },
  });
  const countersConsumer = new CountersConsumer({
    store,
    edges,
    likes,
    comments,
    counters,
    counts,
    topics,
    revisions,
    clock,
  });

  async function handle(entry: OutboxEntry): Promise<void> {
    if (entry.consumer === 'notifications') await notificationsConsumer.handle(entry);
    if (entry.consumer === 'counters') await countersConsumer.handle(entry);
  }

  return {
    clock,
    store,
    ids,
    revisions,
    topics,
    access,
    edges,
    likes,
    comments,
    counters,
    counts,
    notifications,
    profiles,
    graph,
    engagement,
    notificationService,
    inbox,
    badges,
    journal,
    dispatched,
    handle,

    /** Everything the batches wrote down to be done. */
    async pending(): Promise<OutboxEntry[]> {
      const entries: OutboxEntry[] = [];
      for await (const row of memory.scan(outbox)) entries.push(row);
      return entries;
    },
    async drain(): Promise<void> {
      for (const entry of dispatched.splice(0)) await handle(entry);
    },
    async user(username: string): Promise<UserId> {
      const userId = ids.next<UserId>();
      await store.insertIfAbsent(claimsTable, { kind: 'username', value: username, userId, claimedAtMs: clock.now() });
      await store.put(users, {
        userId,
        username,
        displayName: username.toUpperCase(),
        bio: '',
        avatarMediaId: null,
        state: 'active',
        createdAtMs: clock.now(),
        revision: revisions.next(),
      });
      return userId;
    },
    async post(authorId: UserId, state: PostRow['state'] = 'live'): Promise<PostId> {
      const [postId, publishId] = [ids.next<PostId>(), ids.next<PublishId>()];
      await store.put(posts, postRow({ postId, publishId, authorId, state, revision: revisions.next() }));
      if (state === 'live') {
        const month = monthOf(clock.now());
        await store.put(postsByAuthor, { authorId, month, publishId, postId, delivery: 'push' });
      }
      return postId;
    },
    async picture(ownerId: UserId, state: MediaState, postId: PostId | null = null): Promise<MediaId> {
      const mediaId = ids.next<MediaId>();
      await store.put(media, { ...mediaRow(mediaId, ownerId, state), postId });
      return mediaId;
    },
  };
}

export type SocialWorld = ReturnType<typeof socialWorld>;

function postRow(known: Pick<PostRow, 'postId' | 'publishId' | 'authorId' | 'state' | 'revision'>): PostRow {
  return {
    ...known,
    caption: '',
    photos: [],
    delivery: 'push',
    version: 1,
    createdAtMs: 1,
    editedAtMs: null,
    failureReason: null,
  };
}

function mediaRow(mediaId: MediaId, ownerId: UserId, state: MediaState): MediaRow {
  return {
    mediaId,
    ownerId,
    state,
    postId: null,
    blobPrefix: `blob-${mediaId}`,
    contentType: 'image/jpeg',
    originalBytes: 1,
    width: 1,
    height: 1,
    thumbHash: '',
    dominantColor: '',
    renditions: [],
    failureReason: null,
    createdAtMs: 1,
    revision: 1,
  };
}
