/** What the package offers. Its only entry. */
export { Posts, type PostChange, type PostCounts } from './apply.ts';
export { Client, type ClientOptions, type NewPhoto, type PageOptions } from './client.ts';
export type { StopReason } from './close-codes.ts';
export { EventStore } from './event-store.ts';
export type { AccessToken, LiveCredentials } from './greeter.ts';
export { clientLimits } from './limits.ts';
export { Live, type LiveHandlers, type LiveOptions, type LiveStatus } from './live.ts';
export { type Platform, type SocketLike, systemPlatform, type Timer } from './platform.ts';
export { asProblem, ProblemError } from './problem.ts';
export { memoryStorage, type TextStorage, type WebStorage, webStorage } from './storage.ts';
export { type Account, type Lock, Tokens } from './tokens.ts';
export type { UploadBytes, UploadOptions } from './uploads.ts';
export type { LiveNews } from './watches.ts';
export type * from './wire.ts';
