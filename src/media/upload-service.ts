/**
 * Takes photos in. The row comes first, then the bytes, then the row says so in the same batch as the work that follows.
 *
 * What must hold: a medium only goes forward (pending → uploaded → …). `uploaded` is therefore written just above the
 * revision that was read, and not at the present time: one that comes late loses against whatever the worker wrote.
 */
import type { Clock } from '../clock.ts';
import { isPassing, Problem } from '../errors.ts';
import { type IdSource, type RevisionSource, timeOfId } from '../ids.ts';
import { limits } from '../limits.ts';
import { type Dispatch, recordActivity } from '../storage/activity.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import { putRow, type Store } from '../storage/store.ts';
import type { RowOf } from '../storage/table.ts';
import { keepCompleteDraft } from '../storage/repositories/posts.ts';
import { media } from '../storage/tables/posts.ts';
import { newBlobPrefix, originalKey, parseMediaKey } from './media-keys.ts';
import { UploadSigner } from './signed-urls.ts';
import { SNIFFED_BYTES, sniffImage } from './sniff.ts';
import type { PlannedUpload, Uploads, UploadSlot, UploadTarget } from './uploads.ts';

type MediaRow = RowOf<typeof media>;

export interface UploadServiceOptions {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly ids: IdSource;
  readonly revisions: RevisionSource;
  readonly clock: Clock;
  /** Without a final slash. */
  readonly publicUrl: string;
  readonly secret: string | Buffer;
  /** Verify what was signed before `secret` took their place. */
  readonly olderSecrets?: readonly Buffer[];
  readonly dispatch: Dispatch;
}

export class UploadService implements Uploads {
  private readonly options: UploadServiceOptions;
  private readonly signer: UploadSigner;
  private receiving = 0;

  constructor(options: UploadServiceOptions) {
    this.options = options;
    this.signer = new UploadSigner([options.secret, ...(options.olderSecrets ?? [])], options.clock);
  }

  async plan(planned: UploadTarget & { postId: MediaRow['postId']; contentType: string }): Promise<PlannedUpload> {
    const { mediaId, ownerId, postId, contentType } = planned;
    const known = await this.options.store.get(media, { mediaId });
    if (known !== null) {
      if (known.ownerId !== ownerId) throw new Problem('forbidden');
      return { slot: await this.slot(known), mutations: [] };
    }
    const createdAtMs = timeOfId(mediaId);
    const row: MediaRow = {
      mediaId,
      ownerId,
      postId,
      state: 'pending',
      blobPrefix: newBlobPrefix(mediaId, this.options.clock),
      contentType,
      originalBytes: 0,
      width: 0,
      height: 0,
      thumbHash: '',
      dominantColor: '',
      renditions: [],
      failureReason: null,
      createdAtMs,
      // Of the id's time, so that a plan that is written late loses against what became of an earlier one.
      revision: createdAtMs * 1000,
    };
    // Longer than the draft: the reconciler still learns from it what became of the blob.
    const expiresAtMs = createdAtMs + limits.draftRetentionMs + 2 * limits.blobReconcileMs;
    return { slot: await this.slot(row), mutations: [putRow(media, row, { expiresAtMs })] };
  }

  verify(mediaId: string, query: string): UploadTarget {
    return this.signer.verify(mediaId, query);
  }

  async receive(target: UploadTarget, source: AsyncIterable<Uint8Array>): Promise<{ bytes: number }> {
    if (this.receiving >= limits.uploadsConcurrent) {
      throw new Problem('overloaded', { detail: 'Too many uploads are under way; try again in a moment.' });
    }
    this.receiving++;
    try {
      const row = await this.owned(target);
      if (row.state !== 'pending') throw alreadyProcessed();
      const { contentType, body } = await sniffed(this.withDeadline(source));
      const key = originalKey(row.blobPrefix);
      const { bytes } = await this.options.blobs.writeTemporary(key, body, {
        contentType,
        bytesMax: limits.photoBytesMax,
      });
      const { state } = await this.owned(target);
      if (state === 'pending' || state === 'uploaded') return { bytes };
      // Another copy was processed while this one arrived: nothing will ever read it.
      await this.options.blobs.remove(key);
      throw alreadyProcessed();
    } finally {
      this.receiving--;
    }
  }

  async complete(target: UploadTarget): Promise<void> {
    const row = await this.owned(target);
    if (row.state === 'gone') throw new Problem('not-found');
    if (row.state === 'pending') await this.writeUploaded(row);
    // Also after an earlier completion, which may have died before this: from here on the draft is kept.
    if (row.postId !== null) await keepCompleteDraft(this.options.store, row.postId);
  }

  /** Whatever is written here does not expire any more. */
  private async writeUploaded(row: MediaRow): Promise<void> {
    const { blobs, store, ids, revisions, clock, dispatch } = this.options;
    const leavesAtMs = row.createdAtMs + limits.draftRetentionMs;
    if (clock.now() > leavesAtMs - limits.draftMarginMs) throw new Problem('not-found');
    const key = originalKey(row.blobPrefix);
    const original = await blobs.stat(key);
    // One that may expire while this runs counts as not there.
    const tooOldMs = clock.now() - limits.temporaryBlobRetentionMs / 2;
    if (original === null || original.writtenAtMs < tooOldMs) throw new Problem('upload-incomplete');
    if (original.bytes > limits.photoBytesMax) throw new Problem('payload-too-large');
    if (!(await blobs.promote(key))) throw new Problem('upload-incomplete');
    const revision = row.revision + 1;
    revisions.observe(revision);
    const { mediaId, ownerId } = row;
    const recorded = recordActivity(ids, { kind: 'media.uploaded', mediaId, ownerId }, mediaId);
    const uploaded: MediaRow = {
      ...row,
      state: 'uploaded',
      contentType: original.contentType,
      originalBytes: original.bytes,
      revision,
    };
    await store.batch([putRow(media, uploaded), ...recorded.mutations]);
    dispatch(recorded.entries);
  }

  async arrived(key: string): Promise<void> {
    const parsed = parseMediaKey(key);
    if (parsed?.part !== 'original') return;
    const { mediaId, blobPrefix } = parsed;
    const row = await this.options.store.get(media, { mediaId });
    if (row?.blobPrefix !== blobPrefix || row.state !== 'pending') return;
    try {
      await this.complete({ mediaId, ownerId: row.ownerId });
    } catch (error) {
      // Told late, and there is nothing (any more) that could be completed: telling it again would not help.
      const isOver = error instanceof Problem && !isPassing(error);
      if (!isOver) throw error;
    }
  }

  private async owned({ mediaId, ownerId }: UploadTarget): Promise<MediaRow> {
    const row = await this.options.store.get(media, { mediaId });
    if (row === null) throw new Problem('not-found');
    if (row.ownerId !== ownerId) throw new Problem('forbidden');
    return row;
  }

  private async slot(row: MediaRow): Promise<UploadSlot> {
    const { mediaId, contentType } = row;
    const direct = await this.options.blobs.directUpload(originalKey(row.blobPrefix), {
      contentType,
      bytesMax: limits.photoBytesMax,
      lifetimeMs: limits.uploadUrlLifetimeMs,
    });
    const uploadUrl = `${this.options.publicUrl}${this.signer.sign(row)}`;
    const slot = { mediaId, uploadUrl, headers: { 'content-type': contentType } };
    return direct === null ? slot : { ...slot, form: direct };
  }

  /** The same bytes; throws `timeout` when they have not all come in time, however slowly they drip. */
  private async *withDeadline(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const iterator = source[Symbol.asyncIterator]();
    let expired: Problem | null = null;
    let interrupt = (_problem: Problem): void => undefined;
    const timer = this.options.clock.after(limits.uploadTimeoutMs, () => {
      expired = new Problem('timeout', { detail: 'The upload took too long; nothing of it was kept.' });
      interrupt(expired);
    });
    try {
      for (;;) {
        const step = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
          interrupt = reject;
          if (expired !== null) reject(expired);
          else iterator.next().then(resolve, reject);
        });
        if (step.done === true) return;
        yield step.value;
      }
    } finally {
      timer.cancel();
      // Not awaited: a source that hangs would keep its upload slot.
      iterator.return?.()?.catch(() => undefined);
    }
  }
}

function alreadyProcessed(): Problem {
  return new Problem('conflict', { detail: 'This upload was already completed.' });
}

/** Looks at the first bytes before anything is stored. */
async function sniffed(
  source: AsyncGenerator<Uint8Array>,
): Promise<{ contentType: string; body: AsyncIterable<Uint8Array> }> {
  const chunks: Uint8Array[] = [];
  let count = 0;
  while (count < SNIFFED_BYTES) {
    const step = await source.next();
    if (step.done === true) break;
    count += step.value.byteLength;
    // Another is asked for only behind a short one.
    chunks.push(count < SNIFFED_BYTES ? Buffer.from(step.value) : step.value);
  }
  const contentType = sniffImage(Buffer.concat(chunks, Math.min(count, SNIFFED_BYTES)));
  if (contentType === null) {
    await source.return(undefined);
    throw new Problem('unsupported-media');
  }
  return { contentType, body: resume(chunks, source) };
}

async function* resume(chunks: readonly Uint8Array[], source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
  yield* source;
}
