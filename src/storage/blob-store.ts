/**
 * The port to the bytes. What a client sends is written as *temporary* and becomes permanent by `promote`, once a row refers
 * to it: whatever dies in between leaves at most a temporary blob, which expires. What the server made itself under a key
 * that a row leads to already is written as permanent at once. Keys are opaque, `[a-z0-9/._-]`, ≤ 200 characters.
 */

export interface BlobInfo {
  readonly key: string;
  readonly bytes: number;
  readonly contentType: string;
  readonly state: 'temporary' | 'permanent';
  readonly writtenAtMs: number;
}

/** What a listing tells. `writtenAtMs` may be the time of the promotion, and no more exact than a second. */
export type ListedBlob = Omit<BlobInfo, 'contentType'>;

export interface BlobRange {
  /** Offset of the first byte. */
  readonly start: number;
  /** Offset of the last byte, included. */
  readonly end: number;
}

/** Takes a `POST` of `multipart/form-data` from a client: every field first, then the bytes as `file`. */
export interface DirectUpload {
  /** Absolute. */
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Is iterated once, to its end or to where the reader leaves, or destroyed: both let go of what it holds open. */
export interface BlobContent extends AsyncIterable<Uint8Array> {
  destroy(): void;
}

export interface BlobStore {
  /**
   * Streams `source` into a temporary blob; a second write of the key replaces the first. Nothing is kept when the source
   * fails or is longer than `bytesMax` (rejects with `payload-too-large`).
   */
  writeTemporary(
    key: string,
    source: AsyncIterable<Uint8Array>,
    options: { contentType: string; bytesMax: number },
  ): Promise<BlobInfo>;

  /**
   * A permanent blob in one step, durable when this resolves; it replaces what the key named. For content that is whole in
   * memory, under a key that a row leads to: nothing expires of it, so nothing else would ever find it.
   */
  writePermanent(key: string, content: Uint8Array, options: { contentType: string }): Promise<BlobInfo>;

  /** Temporary → permanent. Repeating it is fine; false if there is no such blob. */
  promote(key: string): Promise<boolean>;

  /** Null if there is no such blob. A piece is the reader's until it asks for the next: its memory is used again. */
  read(key: string, range?: BlobRange): Promise<{ info: BlobInfo; body: BlobContent } | null>;

  /**
   * The whole content, at the beginning of memory of the caller's: what comes back is a view of it. Null if there is no such
   * blob. Rejects with `payload-too-large` if it does not fit.
   */
  readInto(key: string, memory: Buffer): Promise<Buffer | null>;

  stat(key: string): Promise<BlobInfo | null>;

  /** Removing what is not there is fine. */
  remove(key: string): Promise<void>;

  /**
   * The same of several, at most 1,000, for less than one by one: least for keys that differ only behind their last `/`. Not
   * atomic; if it rejects, any of them may be gone, and repeating it is fine.
   */
  removeAll(keys: readonly string[]): Promise<void>;

  /** Every blob, temporary and permanent, in no promised order: for reconciliation. */
  list(): AsyncIterable<ListedBlob>;

  /**
   * Where clients can send bytes themselves into a temporary blob, with bounds that the engine enforces; null when the
   * server must take them (embedded).
   */
  directUpload(
    key: string,
    options: { contentType: string; bytesMax: number; lifetimeMs: number },
  ): Promise<DirectUpload | null>;

  ping(): Promise<void>;

  close(): Promise<void>;
}
