/** Every bound of the system, with its reason. Units stand last in the name. Nothing may grow without one. */
import { engineLimits } from './limits-engines.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KIB = 1024;
const MIB = 1024 * KIB;

export const limits = {
  // Log, sessions and flow control (DESIGN §5)
  /** Entries of a hot timeline: five screens of scrolling before the store is asked. */
  hotTimelineEntries: 100,
  /** Events a log ring holds: what a phone may miss and still resume without a store read. */
  logRingEvents: 256,
  /**
   * How far back a device that must catch up is served from the log besides: what was broadcast within it may not be written
   * yet. As many events at most as leave a quarter of the ring for those to come.
   */
  catchUpReplayMs: 10 * SECOND,
  catchUpReplayEvents: 192,
  /**
   * Unacknowledged events a session may have in flight: what the ring still holds of them can be sent again. Only short ones
   * reach it before their bytes do, and each acknowledgement costs the server what a few of their deliveries cost.
   */
  windowEvents: 256,
  /**
   * Unacknowledged bytes a session may have in flight, with what surrounds them; with `logRingEvents` references it is all
   * a stalled phone costs. More than `windowEvents` of frames that a client may keep unacknowledged, and one event beside.
   */
  windowBytes: 64 * KIB,
  /** What surrounds the events of a frame: its head and end (95), and what the transport puts before it. */
  eventsFrameEnvelopeBytes: 100,
  /** Largest `events` frame: below what a phone on a slow link takes within the acknowledgement deadline. */
  eventsFrameBytesMax: 32 * KIB,
  /** Events of fewer bytes are not deflated, for whoever reads that: they fit into one packet as they are. */
  deflateBytesMin: KIB,
  /** One event larger than this is a programming error: it could never fit a frame. */
  eventBytesMax: 16 * KIB,
  /** Of these, what surrounds an event's `data`: its id, type and time. */
  eventEnvelopeBytes: 256,
  flushWindowMs: 5,
  /** How long a flush waits for company for each session that it serves: about a tenth of what sending to it takes. */
  flushPatienceMsEach: 0.001,
  /** And at most, however many they are. */
  flushPatienceMsMax: 10,
  acknowledgementDeadlineMs: 30 * SECOND,
  sessionsPerUserMax: 16,
  mailboxDepth: 128,
  commandTimeoutMs: 10 * SECOND,
  /** An actor without sessions and commands is passivated after this. */
  actorIdleMs: 5 * MINUTE,
  residentActorsMax: 1_000_000,
  activationsConcurrent: 256,
  /** As many as a node has connections: all of them may come back at once. */
  activationsWaitingMax: 20_000,
  /** Broadcasts of which an activation can tell whom they were by: ten seconds of 400 a second. Beyond, it reads twice. */
  activationBroadcasts: 4_096,
  /** Longer than any healthy read; whoever waits is told to come back. */
  activationTimeoutMs: 10 * SECOND,
  /** Sessions served before other work of the process gets a turn: about 10 ms of sends. */
  flushSessionsPerTurn: 1_024,
  /** How often overdue acknowledgements and idle actors are looked for. */
  liveSweepMs: SECOND,
  /** Events whose fan-out copies are recognised after they left a log ring: an hour of 14 posts a second. */
  recentBroadcasts: 50_000,
  /** Posts whose late copies are refused: fan-out of a post is long over when this many were withdrawn after it. */
  withdrawnPostsRemembered: 10_000,
  /** A follow that was announced longer ago is seen by every read: commands end sooner. */
  interestChangeMs: 60 * SECOND,
  /** Users with remembered changes: more follows a minute than a node can write. */
  interestChangeUsersMax: 100_000,
  /** Ids that a client (and `sync`) remembers to drop doubles; beyond it the answer is `reset`. */
  rememberedEventIds: 4096,
  /** How far back readers re-read: no write acknowledged within half of it can be behind a cursor (late-write rule). */
  overlapMs: 60 * SECOND,
  lateWriteMs: 30 * SECOND,

  // Durable lists
  timelineEntries: 800,
  /** A timeline is looked at for surplus once in so many rows that are written to it, on average: reading costs as much. */
  timelineTrimEvery: 200,
  /** Rows that one look removes: more than come between two of them, so that a surplus shrinks. */
  timelineTrimRows: 400,
  timelineRetentionMs: 90 * DAY,
  inboxRetentionMs: 30 * DAY,
  tombstoneRetentionMs: 10 * DAY,
  syncPageEvents: 200,
  /** A run of `sync` pages that takes longer than this begins anew from its floor, so that the cursor it ends with is fresh. */
  syncRunMs: 60 * SECOND,
  /** A cursor is never left further back than this: no write is acknowledged a day late, and quiet accounts stay in retention. */
  cursorAgeMsMax: DAY,
  /** Posts of an author that a new follower finds in the timeline at once. */
  mergedPostsMax: 100,
  /** Author lists read at once for one page, sync or rebuild. */
  authorListsConcurrent: 16,
  /** Rounds of reading on while a page is not full because what was read may not be shown. */
  feedRoundsMax: 8,
  pageSizeMax: 100,
  pageSizeDefault: 20,
  /** Partitions a list of followers or likes is spread over by hash: 10 million rows stay under 40 MB each. */
  followerBuckets: 16,
  likeBuckets: 16,
  followingMax: 7_500,
  fanOutChunk: 500,
  /** Connected phones have been told before: the copies for those who are away wait until the frames are out. */
  fanOutDelayMs: 20,
  /** Times an event is appended again when its acknowledgement came late or not at all, before the job is retried. */
  lateWriteTries: 5,
  celebrityThreshold: 10_000,
  celebrityHysteresis: 8_000,
  celebrityGraceMs: 60 * SECOND,
  pullAuthorsMax: 100_000,
  /** Well within `celebrityGraceMs`: every node knows a pull author before the first pulled post. */
  pullAuthorsRefreshMs: 5 * SECOND,
  idempotencyRetentionMs: DAY,
  outboxShards: 4,
  outboxSweepMs: 5 * SECOND,
  /** The sweeper leaves younger rows to the dispatcher, which enqueues at once. */
  outboxRedriveAfterMs: 20 * SECOND,
  /** Of work that was given up. What waits is kept as long as its activity. */
  outboxRetentionMs: 30 * DAY,
  /** Rows of finished work go together, so much later: a command costs one sync, not one more for each of its consumers. */
  finishedEntriesMs: 250,
  /** Of them at most; beyond it jobs wait for the removal. */
  finishedEntriesMax: 1_000,
  /** History: a year and a month, so that a year can be compared with the one before it began. */
  activityRetentionMs: 400 * DAY,
  fanOutJobsConcurrent: 8,
  /** Of them and of those that wait for an earlier fan-out of their author: a burst of one author leaves room for others. */
  fanOutJobsTaken: 64,
  /** Notifications, counters and removals of photos: short jobs of a few calls to the stores. */
  lightJobsConcurrent: 16,
  jobAttemptsMax: 8,
  /** About 200 MB in the embedded queue, which has their keys in memory; beyond it the outbox keeps what is to be done. */
  jobsWaitingMax: 1_000_000,
  /** First pause before a failed job is tried again; doubled each time up to the cap. All eight tries span about two minutes. */
  jobBackoffBaseMs: SECOND,
  jobBackoffCapMs: MINUTE,
  /** Jobs added to Redis in one round trip: a few milliseconds of its time. */
  jobAddsTogether: 500,
  /** Jobs of one queue that may wait to be added: a second or two of what Redis takes; then `overloaded`. */
  jobAddsWaiting: 20_000,
  /** How long a process trusts what it knows about the number of waiting jobs. */
  jobsMeasuredMs: SECOND,
  /** Parked jobs that are kept for inspection; the oldest go first. */
  jobsParkedMax: 10_000,
  /** Of the queue's own log, which nothing here reads. */
  jobEventsKept: 100,
  /** A worker that says nothing for this long has lost its jobs; with the check below they run again within 5 s. */
  jobLockMs: 3 * SECOND,
  jobStallCheckMs: SECOND,
  /** Workers a job may take down before it is parked: kills by others are no fault of the job. */
  jobStallsMax: 10,
  /** How long a worker waits for a job in one command: as often it notices that it is to end. */
  jobDrainSeconds: 5,
  jobRunRetryMs: SECOND,
  /** Redis answers in well under a millisecond: later it is as good as away. */
  redisAnswerMs: 5 * SECOND,
  redisConnectMs: 5 * SECOND,
  redisKeepAliveMs: 10 * SECOND,
  redisReconnectCapMs: SECOND,
  /** How long a node that starts waits for a Redis that is starting too. */
  redisStartWaitMs: MINUTE,
  /** For what an ended job is to tell Redis before the process goes. */
  redisCloseMs: 3 * SECOND,
  /** Changes of the job file in one transaction: keeps one turn of the event loop below about 20 ms. */
  jobChangesPerTransaction: 2_000,
  /**
   * How often what happened to jobs is written to their file: longer than nearly every job lasts, so that few are written. Whoever
   * waits for an `add` waits for two of these at most; commands do not wait.
   */
  jobWriteBehindMs: 200,
  /** Jobs in memory only, beyond which they are written at once: in so many the transaction itself is lost. */
  jobsUnwrittenMax: 256,

  ...engineLimits,

  // Gateway
  helloDeadlineMs: 10 * SECOND,
  frameBytesMax: 64 * KIB,
  connectionsMax: 18_000,
  halfOpenConnectionsMax: 4_000,
  /** Bytes a socket may hold back before a send is refused: the event window, a frame, and a few large results beside it. */
  linkBackpressureBytesMax: 1024 * KIB,
  /** Messages a connection may send in a second: far above 32 operations and their acknowledgements. */
  inboundMessagesPerSecond: 200,
  /** How often deadlines, tickets and grants of connections are looked at: one timer for all of them. */
  connectionSweepMs: SECOND,
  /** A watched topic's permission is looked up again after this. */
  grantRecheckMs: 60 * SECOND,
  resumeHeaderCharactersMax: 2_048,
  tokenCharactersMax: 4_096,
  /** What a client may call its installation. */
  deviceCharactersMax: 64,
  callIdCharactersMax: 64,
  idempotencyKeyCharactersMax: 128,
  topicCharactersMax: 64,
  httpRequestsInFlightMax: 2_000,
  /** Received bytes of one request that wait for their reader; beyond it the socket is paused. */
  requestBufferBytes: 256 * KIB,
  /** Larger bodies are received into blocks of this, of which so many are kept for the next. */
  requestBlockBytes: 64 * KIB,
  requestBlocksKept: 32,
  /** The page's files are served from memory: more than this is not a page. */
  webFilesMax: 512,
  webBytesMax: 16 * MIB,
  /** As long as mobile networks keep an idle path open; the transport pings by itself. */
  idleTimeoutSeconds: 120,
  bodyBytesMax: 256 * KIB,
  requestBodyTimeoutMs: 30 * SECOND,
  /** The transport gives up a body that brings less than 160 KB in ten seconds; while one is read, it is told to wait on this often. */
  requestBodyExtendMs: 3 * SECOND,
  /** A body that brings nothing at all for this long is left to the transport: the client is gone, not in a tunnel. */
  requestBodyStallMs: 30 * SECOND,
  operationsInFlightPerSession: 32,
  watchedTopicsPerSession: 64,
  operationTimeoutMs: 15 * SECOND,
  /** What does not answer a probe of readiness for this long is away. */
  readinessMs: 3 * SECOND,
  drainSpreadMs: 5 * SECOND,
  drainTimeoutMs: 10 * SECOND,
  accessTokenSeconds: 900,
  /** Access tokens whose signature is not checked again: those of the busiest callers by REST, about a megabyte. */
  verifiedTokensMax: 2_000,
  ticketLifetimeMs: 10 * MINUTE,
  refreshTokenRetentionMs: 60 * DAY,
  /** A refresh token used twice within it gets the same successor: mobile networks lose answers. */
  refreshGraceMs: 30 * SECOND,
  /** Devices a user is signed in on at once; one more ends the oldest. */
  signedInDevicesMax: 100,
  /** A session ends at this age even if it is used every day: the device signs in again. */
  sessionLifetimeMs: 400 * DAY,
  /** A claimed name that no user row followed is free again after this: its maker is gone. */
  claimTakeoverMs: 10 * MINUTE,
  /** Whoever took longer from claim to user row confirms the claim first; half of it covers the clocks' difference. */
  claimConfirmAfterMs: 5 * MINUTE,
  revocationStaleMs: 5 * SECOND,
  revocationPollMs: 2 * SECOND,
  /** Rows per read of the revocation list. */
  revocationPage: 500,
  /** Revoked sessions a node remembers (those of half an hour); with more, it asks the store about each session. */
  revocationsRememberedMax: 200_000,
  passwordHashesConcurrent: 2,
  passwordHashesWaiting: 64,
  /** Keys (users, addresses) the rate limiter remembers; the ones nearest to full, and unused, go first. */
  rateLimitKeysMax: 100_000,
  /** Calls a user may make at once, and steadily: far above what a person's app does, below what one loop could. */
  rateReadBurst: 600,
  rateReadPerSecond: 60,
  rateWriteBurst: 200,
  rateWritePerSecond: 20,
  /** Per address: a household or an office signs in at once, a guesser waits two seconds a guess. */
  rateSignInBurst: 30,
  rateSignInPerSecond: 0.5,
  /** Wrong passwords an account takes at once, and how long one more takes: typing errors pass, 4,000 guesses a day find nothing. */
  guessBurst: 10,
  guessRefillMs: 20 * SECOND,
  /** Account names with counted guesses, and networks that are familiar to an account: about 20 MB when full. */
  guessedAccountsMax: 100_000,
  rateUploadBurst: 60,
  rateUploadPerSecond: 2,

  // Media
  photoBytesMax: 8 * MIB,
  photoPixelsMax: 50_000_000,
  /** Posts a client may ask about in one `post.revalidate`. */
  revalidatedPostsMax: 100,
  photosPerPostMax: 10,
  renditionTimeoutMs: 30 * SECOND,
  renditionMemoryBytes: 768 * MIB,
  renditionWorkers: 2,
  uploadTimeoutMs: 5 * MINUTE,
  uploadsConcurrent: 64,
  /** Pictures on their way to clients. Each holds a file and `blobReadBytes`; those of quick readers only for a moment. */
  picturesConcurrent: 1_024,
  /** Arrivals of one notification that are looked at at once. */
  storageEventsConcurrent: 8,
  temporaryBlobRetentionMs: DAY,
  /** Photos that were promised come within it, or the draft goes. */
  draftRetentionMs: DAY,
  /** An upload is completed this long before its draft would go, or not at all: longer than the two writes of it take. */
  draftMarginMs: 5 * MINUTE,
  uploadUrlLifetimeMs: HOUR,
  privateMediaUrlLifetimeMs: HOUR,
  poisonAttemptsMax: 2,
  /** Photos waiting in memory for a child process: as many as the queue's concurrency, with room. */
  renditionsWaiting: 16,
  /** A child is replaced after this many photos, so that nothing it leaks adds up. */
  renditionsPerProcess: 500,
  renditionHeadBytesMax: 4 * KIB,
  /** One rendition, or one original on its way to the child. */
  renditionBytesMax: 32 * MIB,
  /** What children send is received into blocks of this, of which so many are kept: two photos' sets. */
  renditionBlockBytes: 256 * KIB,
  renditionBlocksKept: 16,
  /** Renditions are fitted into size × (size · this): within what WebP can hold, whatever the original's shape. */
  renditionAspectMax: 8,
  /** Freed pixels of this much stay with a child: given back, they are cleared by the kernel anew for every photo. */
  renditionMemoryKeptBytes: 64 * MIB,
  /** Smaller blocks are taken from what is kept; the most the C library allows. Below it are all pixels of a photo made small. */
  renditionBlockKeptBytes: 32 * MIB,
  /** How often the memory of a child that decodes is looked at: less than it takes to fill the cap. */
  renditionMemoryPollMs: 25,
  /** An original that could not be decoded is kept this long for inspection. */
  quarantineRetentionMs: 7 * DAY,
  /** A blob that no row accounts for is left alone this long: longer than any writer takes between blob and row. */
  blobGraceMs: 15 * MINUTE,
  blobReconcileMs: HOUR,

  // Caches
  postCacheEntries: 100_000,
  /** Posts whose last photo was told of: several photos of one post may be finished within seconds of each other. */
  completedPostsRemembered: 4_096,
  eventBodiesMax: 500_000,
  /** With the largest bodies `eventBodiesMax` would be 8 GB. */
  eventBodiesBytesMax: 512 * MIB,
  profileCacheEntries: 50_000,
  /** A name or picture that another node changed is shown at most this late. */
  profileCacheTtlMs: 10 * SECOND,
  /** Counts of posts and people that were shown lately: about 20 MB when full. */
  countCacheEntries: 100_000,
  /** How long a shown count may lag behind a recount by another node. */
  countCacheTtlMs: 2 * SECOND,
  /** Own likes and follows that a shown count is ahead of its last recount; more are merged into one. */
  countsAheadMax: 32,
  /** Subscriptions of one node to topics: every connection watching a screenful. */
  topicSubscriptionsMax: 500_000,
  /** Unread notifications are counted no further: clients show "99+". */
  unreadCountMax: 100,

  // Looking after an installation
  /** Whatever is written down is done within this; a consumer that is retried begins again sooner. */
  outboxOverdueMs: 2 * MINUTE,
  /** Ids with work under way that `fsck` keeps in mind. */
  fsckPendingMax: 500_000,
  /** A suspicion on a store that is in use is examined again after this: longer than half of a batch is visible. */
  fsckSettleMs: 3 * SECOND,
  fsckConcurrent: 16,
  fsckPage: 200,
  fsckExamples: 10,
  /** Rows and blobs on their way to a backup or to another store: read, and written, at once. */
  movedRowsPage: 500,
  movedRowsConcurrent: 64,
  movedBlobsPage: 200,
  movedBlobsConcurrent: 8,

  // Words
  captionCharactersMax: 2_200,
  commentCharactersMax: 1_000,
  altTextCharactersMax: 1_000,
  bioCharactersMax: 150,
  nameCharactersMax: 60,
  usernameCharactersMin: 3,
  usernameCharactersMax: 30,
  /** As RFC 5321 has it. */
  emailCharactersMax: 254,
  passwordCharactersMin: 8,
  passwordCharactersMax: 256,
} as const;

export type Limits = { readonly [Name in keyof typeof limits]: number };
