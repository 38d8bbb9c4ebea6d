/** Binds the actors room: the live room, and every service over the stored rows. No I/O beyond the pull authors' list. */
import { CountersConsumer } from '../actors/counts/counters-consumer.ts';
import { LiveCounts } from '../actors/counts/live-counts.ts';
import { CommentCommands } from '../actors/engagement/comment-commands.ts';
import { EngagementService } from '../actors/engagement/engagement-service.ts';
import { LikeCommands } from '../actors/engagement/like-commands.ts';
import { AuthorDelivery } from '../actors/fan-out/author-delivery.ts';
import { FanOutChunks } from '../actors/fan-out/fan-out-chunks.ts';
import { FanOutHandler } from '../actors/fan-out/fan-out-handler.ts';
import { PostNews } from '../actors/fan-out/post-news.ts';
import { PullAuthorsList } from '../actors/fan-out/pull-authors-list.ts';
import { CatchUp } from '../actors/feed/catch-up.ts';
import { DurableInboxWriter } from '../actors/feed/durable-inbox-writer.ts';
import { postHydrators } from '../actors/feed/event-hydration.ts';
import { FeedActivationSource } from '../actors/feed/feed-activation-source.ts';
import { FeedService } from '../actors/feed/feed-service.ts';
import { FeedSkeleton } from '../actors/feed/feed-skeleton.ts';
import { PulledPosts } from '../actors/feed/pulled-posts.ts';
import { RememberedFeed } from '../actors/feed/remembered-feed.ts';
import { StoredTimelineMerger } from '../actors/feed/stored-timeline-merger.ts';
import { GraphService } from '../actors/graph/graph-service.ts';
import { LiveNode } from '../actors/live/live-node.ts';
import { NotificationFacts } from '../actors/notifications/notification-facts.ts';
import { notificationHydrators } from '../actors/notifications/notification-hydrator.ts';
import { NotificationService } from '../actors/notifications/notification-service.ts';
import { NotificationsConsumer } from '../actors/notifications/notifications-consumer.ts';
import { UnreadCounts } from '../actors/notifications/unread-counts.ts';
import type { ConsumerHandlers } from '../actors/outbox/consumers.ts';
import { PostCache } from '../actors/posts/post-cache.ts';
import { PostCommits } from '../actors/posts/post-commits.ts';
import { PostMediaOutcome } from '../actors/posts/post-media-outcome.ts';
import { PostReader } from '../actors/posts/post-reader.ts';
import { PostService } from '../actors/posts/post-service.ts';
import { StoredPostAccess } from '../actors/posts/stored-post-access.ts';
import { ProfileService } from '../actors/profiles/profile-service.ts';
import { SummaryCache } from '../actors/profiles/summary-cache.ts';
import { LocalTopics } from '../actors/topics/local-topics.ts';
import { UserMailboxes } from '../actors/user-mailboxes.ts';
import { fold } from '../gateway/auth/account-rules.ts';
import type { Services } from '../gateway/services.ts';
import { limits } from '../limits.ts';
import type { MediaOutcome } from '../media/media-outcome.ts';
import { mainImageUrl, mediaView } from '../media/media-urls.ts';
import type { Uploads } from '../media/uploads.ts';
import type { Dispatch } from '../storage/activity.ts';
import { Comments } from '../storage/repositories/comments.ts';
import { Counters, userSubject } from '../storage/repositories/counters.ts';
import { InboxRows } from '../storage/repositories/inbox.ts';
import { Likes } from '../storage/repositories/likes.ts';
import { Notifications } from '../storage/repositories/notifications.ts';
import { PostRows } from '../storage/repositories/posts.ts';
import { ProfileRows } from '../storage/repositories/profile-rows.ts';
import { PullAuthorRows } from '../storage/repositories/pull-authors.ts';
import { StoredFollowEdges } from '../storage/repositories/stored-follow-edges.ts';
import { TimelineRows } from '../storage/repositories/timeline.ts';
import { liveMeasures } from './live-measures.ts';
import type { Basics, Resources } from './resources.ts';

/** Wide enough for an avatar on a phone's profile page. */
const AVATAR_WIDTH_MIN = 320;

export interface ActorsInput extends Basics, Resources {
  readonly publicUrl: string;
  readonly dispatch: Dispatch;
  readonly uploads: Uploads;
}

export interface Actors {
  readonly live: LiveNode;
  readonly services: Omit<Services, 'accounts'>;
  readonly handlers: Omit<ConsumerHandlers, 'media' | 'media-outcome' | 'photo-removal'>;
  readonly mediaOutcome: MediaOutcome;
}

export async function composeActors(input: ActorsInput): Promise<Actors> {
  const rows = openRows(input);
  const pullAuthors = await PullAuthorsList.open(rows.pullAuthors, input.clock, input.log);
  input.cleanup.add('pull authors', () => pullAuthors.close());
  const { pulled, skeleton, live } = openLive(input, rows, pullAuthors);
  const mailboxes = new UserMailboxes({ ...input, limits, onInvariant: (userId) => live.endActivation(userId) });
  const parts = { ...input, live, mailboxes, rows, pulled, skeleton, pullAuthors };
  const social = composeSocial(parts);
  const posts = composePosts(parts, social);
  const { facts, unread, inbox } = { ...social, ...posts };
  const { profiles } = social;
  const notifying = { notifications: rows.notifications, facts, profiles, inbox, unread, mailboxes };
  return {
    live,
    mediaOutcome: posts.mediaOutcome,
    services: {
      profiles,
      graph: social.graph,
      engagement: social.engagement,
      topics: social.topics,
      notifications: social.notifications,
      posts: posts.posts,
      feed: posts.feed,
      uploads: input.uploads,
    },
    handlers: {
      'fan-out': posts.fanOut,
      'fan-out-chunk': posts.fanOutChunk,
      notifications: handlerOf(new NotificationsConsumer(notifying)),
      counters: handlerOf(new CountersConsumer({ ...input, ...rows, counts: social.counts, topics: social.topics })),
    },
  };
}

type Rows = ReturnType<typeof openRows>;

interface Parts extends ActorsInput {
  readonly rows: Rows;
  readonly live: LiveNode;
  readonly mailboxes: UserMailboxes;
  readonly pulled: PulledPosts;
  readonly skeleton: FeedSkeleton;
  readonly pullAuthors: PullAuthorsList;
}

function handlerOf<Entry>(consumer: { handle(entry: Entry): Promise<void> }): (entry: Entry) => Promise<void> {
  return (entry) => consumer.handle(entry);
}

function openRows({ store }: Resources) {
  return {
    posts: new PostRows(store),
    timelines: new TimelineRows(store),
    inbox: new InboxRows(store),
    pullAuthors: new PullAuthorRows(store),
    edges: new StoredFollowEdges(store),
    likes: new Likes(store),
    comments: new Comments(store),
    counters: new Counters(store),
    notifications: new Notifications(store),
    profiles: new ProfileRows(store),
  };
}

/** The live room reads through `state` and the skeleton; what writes to the live room is built on top of it. */
function openLive(input: ActorsInput, rows: Rows, pullAuthors: PullAuthorsList) {
  const { clock } = input;
  const pulled = new PulledPosts({ ...rows, pullAuthors, clock });
  const skeleton = new FeedSkeleton(rows.timelines, pulled);
  const state = async (userId: Parameters<UnreadCounts['read']>[0]) => ({
    unreadNotifications: await unread.read(userId),
  });
  const source = new FeedActivationSource({ ...rows, skeleton, clock, state });
  const live = LiveNode.open({
    ...input,
    limits: { ...limits, flushWindowMs: input.config.flushWindowMs },
    source,
    measures: liveMeasures(input.metrics),
  });
  const unread = new UnreadCounts({ notifications: rows.notifications, live, clock });
  input.cleanup.add('live room', () => live.close());
  return { pulled, skeleton, live };
}

function composeSocial(parts: Parts) {
  const { rows, live, clock, publicUrl } = parts;
  const postCache = new PostCache(rows.posts);
  const access = new StoredPostAccess(postCache);
  const counts = new LiveCounts({ ...parts, counters: rows.counters });
  const topics = new LocalTopics(parts.log);
  const summaries = new SummaryCache({
    rows: rows.profiles,
    clock,
    avatarUrl: (medium) => mainImageUrl(medium, publicUrl, AVATAR_WIDTH_MIN),
  });
  const profiles = new ProfileService({
    ...parts,
    rows: rows.profiles,
    summaries,
    counts,
    follows: (followerId, followedIds) => rows.edges.follows(followerId, followedIds),
    foldName: fold,
  });
  const commands = { ...parts, counts };
  const engagement = new EngagementService({
    ...commands,
    access,
    profiles,
    topics,
    comments: rows.comments,
    likeCommands: new LikeCommands({ ...commands, likes: rows.likes }),
    commentCommands: new CommentCommands({ ...commands, comments: rows.comments }),
  });
  const timelines = new StoredTimelineMerger({ ...rows, live, clock });
  const graph = new GraphService({ ...commands, edges: rows.edges, users: rows.profiles, profiles, timelines });
  const unread = new UnreadCounts({ notifications: rows.notifications, live, clock });
  const facts = new NotificationFacts({ ...rows, access });
  const notifications = new NotificationService({ ...parts, rows: rows.notifications, profiles, unread });
  return { notifications, postCache, access, counts, topics, profiles, engagement, timelines, graph, unread, facts };
}

function composePosts(parts: Parts, social: ReturnType<typeof composeSocial>) {
  const { rows, live, clock, mailboxes, config, publicUrl } = parts;
  const { profiles, engagement, access, postCache: cache, timelines: merger } = social;
  const reader = new PostReader({
    profiles,
    engagement,
    presentPhoto: (medium, altText) => mediaView(medium, altText, publicUrl),
  });
  const delivery = new AuthorDelivery({
    ...parts,
    rows: rows.pullAuthors,
    list: parts.pullAuthors,
    followerCount: async (userId) => {
      const [count] = await social.counts.read([{ subject: userSubject(userId), name: 'followers' }]);
      return count ?? 0;
    },
    thresholds: {
      threshold: config.celebrityThreshold,
      hysteresis: config.celebrityHysteresis,
      graceMs: config.celebrityGraceMs,
    },
  });
  const inbox = new DurableInboxWriter({ ...parts, logger: parts.log });
  const commits = new PostCommits({ ...parts, cache, reader, delivery, logger: parts.log });
  const hydrators = {
    ...postHydrators({ cache, reader, edges: rows.edges }),
    ...notificationHydrators(social.notifications),
  };
  const catchUp = new CatchUp({ ...parts, inbox: rows.inbox, hydrators, pageEvents: limits.syncPageEvents });
  const news = new PostNews(cache, reader);
  const chunks = new FanOutChunks({ ...parts, ...rows, news, inbox });
  const tellers = { news, chunks, inbox, inboxes: rows.inbox, merger };
  const fanOut = new FanOutHandler({ ...parts, ...rows, ...tellers, chunkSize: limits.fanOutChunk });
  return {
    inbox,
    mediaOutcome: new PostMediaOutcome({ rows: rows.posts, cache, commits, inbox, mailboxes, clock }),
    posts: new PostService({ ...parts, rows: rows.posts, cache, access, reader, commits, profiles }),
    feed: new FeedService({
      live,
      activate: (userId) => live.activate(userId),
      skeleton: parts.skeleton,
      catchUp,
      cache,
      reader,
      edges: rows.edges,
      remembered: new RememberedFeed({ live, cache, reader }),
    }),
    fanOut: handlerOf(fanOut),
    fanOutChunk: handlerOf(chunks),
  };
}
