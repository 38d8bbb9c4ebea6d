/** Bounds of the storage engines, a part of `limits`. */
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const KIB = 1024;
const MIB = 1024 * KIB;

export const engineLimits = {
  /** What a small CQL logged batch still takes without a warning, and what one synced write may hold up. */
  storeBatchMutations: 100,
  /** A chunk of a fan-out with a timeline row and an inbox row for each follower; half of an embedded transaction. */
  storeWriteAllMutations: 1_000,
  storeGetManyKeys: 1_000,
  /** Partitions of one list read side by side when the first was not enough: all followers, or a month of days in two rounds. */
  bucketsReadAtOnce: 16,
  /** Reads of the embedded store run in the event loop: a page of this size holds it for some ten milliseconds. */
  storePageRows: 5_000,
  /** Writes (a batch counts as one) that may wait for the embedded writer: about a second of work; then `overloaded`. */
  writerQueueWrites: 10_000,
  /** Mutations that may wait for the embedded writer, so that waiting batches cannot fill the memory either. */
  writerQueueMutations: 50_000,
  /** Mutations of one transaction: keeps the longest synced write, and so every waiting one, short. */
  writerGroupMutations: 2_000,
  /** Of `writeAll` in one transaction while few wait: a command that comes meanwhile waits for it, some milliseconds. */
  writerBulkMutations: 250,
  /** Of waiting `writeAll` mutations one in so many is in the next transaction: the more there are, the fewer syncs each costs. */
  writerBulkShare: 4,
  writerRestartBaseMs: 50,
  writerRestartCapMs: 5 * SECOND,
  /** Rows looked at for expiry per pass: about a millisecond of the writer thread. */
  sweepRows: 1_000,
  sweepPeriodMs: SECOND,
  scanChunkRows: 500,
  /** Rows in one answer of the CQL engine: a longer page is asked for in parts, so that no answer is megabytes long. */
  cqlAnswerRows: 1_000,
  /** Requests at the CQL engine at once: half of what one connection carries, enough for a `getMany` in one go. */
  cqlRequestsInFlight: 1_024,
  /** Of one `writeAll`: enough to keep the engine busy, too few to keep others waiting. */
  cqlWritesAtOnce: 64,
  /** Requests that wait for one of those places: about two seconds of work; then `overloaded`. */
  cqlRequestsWaiting: 10_000,
  /** One try at one node of the engine, beyond the engine's own limits of 2 to 5 s. */
  cqlTryMs: 5 * SECOND,
  /** A request with all its tries: below `commandTimeoutMs` and `activationTimeoutMs`, so that the cause is told. */
  cqlRequestMs: 8 * SECOND,
  cqlConnectMs: 3 * SECOND,
  /** Keys of one partition asked for in one statement. */
  cqlKeysTogether: 100,
  /** An engine that starts together with this node gets this long. */
  cqlStartWaitMs: MINUTE,
  cqlStartRetryMs: SECOND,
  /** How often an engine is asked whether it is there, and one that went away is connected to again. */
  cqlHeartbeatMs: SECOND,
  /** A node of the engine that takes longer to say that it is there is away: longer than collecting garbage stops it. */
  cqlHeartbeatAnswerMs: 3 * SECOND,
  cqlSchemaChangeMs: 30 * SECOND,
  cqlSchemaAgreementSeconds: 30,
  /** Renewed before each change of the schema: longer than one takes. */
  migrationLeaseSeconds: 90,
  /** How long a node waits for another one's migration. */
  migrationWaitMs: 5 * MINUTE,
  migrationRetryMs: 250,
  /** Nodes that find an empty engine at the same time begin at different moments. */
  migrationSpreadMs: 2 * SECOND,
  /** The engine clears rows away this long after their expiry, so that clocks may differ by as much. */
  cqlClearanceSeconds: HOUR / SECOND,
  /** Twenty years: the longest time to live that engines take. Longer: the row is hidden in time, and stays. */
  cqlTimeToLiveSecondsMax: 630_720_000,
  /** Below Cassandra's default `batch_size_fail_threshold` of 50 KiB, with room for what the engine adds to each row. */
  storeBatchBytes: 44 * KIB,
  sqliteReaderCacheKib: 32 * KIB,
  sqliteWriterCacheKib: 16 * KIB,
  /** Pages (of 4 KiB) in the write-ahead log that are moved to the database file at the next rest: half a dozen fan-outs to 500. */
  sqliteLogPages: 6_000,
  /** That many are moved at once, rest or not: bounds the log to 100 MB, which is read in a second after a crash. */
  sqliteLogPagesMax: 24_000,
  /** Without a write for this long the writer is at rest. */
  writerRestMs: 5,
  /** Read of a blob at once: most renditions in one step, and little for a client that stops reading. */
  blobReadBytes: 192 * KIB,
  /** Memory for so many such reads at once is kept for the next ones. */
  blobReadBlocksKept: 32,
  /** Received bytes that go into a blob's file together: each write is a trip to another thread, dear beside the bytes themselves. */
  blobWriteBytes: 256 * KIB,
  /** Memory for so many such writes at once is kept for the next ones. */
  blobWriteBlocksKept: 8,
  temporaryBlobSweepMs: 10 * MINUTE,
  /** Between a temporary blob's end and its removal, so that no promotion that began before can meet it. */
  temporaryBlobGraceMs: HOUR,
  blobContentTypeCharacters: 120,
  /** Keys of one removal: what an S3 server takes in one request. */
  blobsRemovedMax: 1_000,
  /** Names of one removal that are taken away at once: a whole photo, and no more than the runtime's few threads can share. */
  filesRemovedConcurrent: 16,
  /** Until an S3 server's answer begins: longer than it takes for a part over a bad link, shorter than an operation. */
  s3AnswerTimeoutMs: 10 * SECOND,
  /** How long a body may rest: a phone on a bad network that is being served. */
  s3BodyIdleMs: MINUTE,
  /** Connections of one node to an S3 server: uploads and phones being served; more requests wait for one of them. */
  s3ConnectionsMax: 256,
  s3ConnectionsIdleMax: 32,
  /** The least an S3 server takes as a part. It is what an upload holds in memory. */
  s3PartBytes: 5 * MIB,
  /** The most names that an S3 server puts into one answer. */
  s3ListPage: 1_000,
  s3SweepMs: HOUR,
  /** How long a node that starts waits for an S3 server that is starting too. */
  s3StartWaitMs: MINUTE,
  s3StartRetryMs: SECOND,
  /** Wall time a node may stamp ids ahead of the last durable write of its slot; renewed at half. */
  idCeilingAheadMs: 10 * SECOND,
  /** Four million ids: what a node may stamp between two checks when it borrows from the future. */
  idCeilingStepMs: SECOND,
  idCeilingCheckMs: SECOND,
  /** A slot of another owner is taken only this long after its lease ended: longer than a paused process sleeps unnoticed. */
  nodeSlotQuarantineMs: 10 * MINUTE,
  /** A clock further than this behind the ids already given out is wrong: the node refuses to start. */
  clockBehindMs: 10 * MINUTE,
} as const;
