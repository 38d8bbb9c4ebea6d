/**
 * Media from the promise of an upload to the bytes at rest. The media row is written before any byte arrives, and every
 * blob's key is in it or begins with its prefix: so no crash leaves a blob that nothing refers to for ever.
 */
import type { MediaId, PostId, UserId } from '../ids.ts';
import type { DirectUpload } from '../storage/blob-store.ts';
import type { Mutation } from '../storage/store.ts';

export interface UploadSlot {
  readonly mediaId: MediaId;
  /** Absolute; takes one `PUT` of the bytes. */
  readonly uploadUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the bytes can be sent instead, without passing through this server; then `complete` is to be called. */
  readonly form?: DirectUpload;
}

export interface UploadTarget {
  readonly mediaId: MediaId;
  readonly ownerId: UserId;
}

export interface PlannedUpload {
  readonly slot: UploadSlot;
  /** The media row: to be written in the same batch as what it belongs to. */
  readonly mutations: readonly Mutation[];
}

export interface Uploads {
  /** Plans one photo. `mediaId` is given by the caller, so that a repeated call plans the same. `postId` null: an avatar. */
  plan(target: UploadTarget & { postId: PostId | null; contentType: string }): Promise<PlannedUpload>;
  /** Who a signed path `/v1/uploads/<mediaId>?<query>` was given to; rejects `forbidden` when signature or time is off. */
  verify(mediaId: string, query: string): UploadTarget;
  /**
   * Streams the bytes into the medium's original blob. Sniffs the first bytes: `unsupported-media`; too long:
   * `payload-too-large`; already processed: `conflict`. Nothing is kept of an upload that was broken off.
   */
  receive(target: UploadTarget, source: AsyncIterable<Uint8Array>): Promise<{ bytes: number }>;
  /** The blob's engine says that bytes came in under `key`: as `complete`. Nothing happens if they are not a pending upload's. */
  arrived(key: string): Promise<void>;
  /** The bytes are there: writes it down and starts processing. Repeating it is fine; `upload-incomplete` if they are not. */
  complete(target: UploadTarget): Promise<void>;
}
