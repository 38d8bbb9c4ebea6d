/** Every bound of the client, with its reason. */
export const clientLimits = {
  /** Event ids that are remembered to drop doubles; beyond it the client reloads instead of guessing. */
  rememberedEventIds: 4096,
  /** A caught-up copy of an event may arrive this long after its live copy: overlap plus the time fan-out may take. */
  doubleWithinMs: 5 * 60_000,
  /** Acknowledge after this many events, half of the server's window of 256 … */
  ackEvents: 128,
  /** … or this much, half of its window of 64 KiB: the other half is under way meanwhile … */
  ackBytes: 32 * 1024,
  /** … or this long after the first that is not acknowledged: the server waits for 30 s, and each one wakes the radio. */
  ackDelayMs: 5000,
  /** A frame holds at most 32 KiB of events: what inflates to twice that is none. */
  inflatedBytesMax: 64 * 1024,
  /** Frames that wait while one is inflated: four times the server's window of events, for results and live news too. */
  waitingFrames: 1024,
  /** Back-off of reconnects: full jitter below base·2ⁿ, at most the cap. */
  reconnectBaseMs: 500,
  reconnectCapMs: 30_000,
  /** A connection that lived this long was a good one: the next back-off starts from the beginning. */
  stableAfterMs: 10_000,
  connectTimeoutMs: 15_000,
  operationTimeoutMs: 20_000,
  operationsInFlight: 32,
  /** Topics the server watches per session. */
  watchedTopics: 64,
  /** A connection that was silent this long is asked for a sign of life, since browsers do not show pings. */
  silenceMs: 150_000,
  probeTimeoutMs: 5000,
  /** A ticket is trusted for less than the 10 minutes it lives. */
  ticketTrustMs: 9 * 60_000,
  /** An access token is renewed when it has less than this to live. */
  tokenMarginMs: 30_000,
  requestAttempts: 4,
  requestBaseMs: 300,
  requestCapMs: 5000,
  requestTimeoutMs: 30_000,
  uploadTimeoutMs: 5 * 60_000,
  revalidatedAtOnce: 100,
  /** Deleted posts that are remembered, so that an older copy does not bring them back. */
  deletedPosts: 10_000,
} as const;
