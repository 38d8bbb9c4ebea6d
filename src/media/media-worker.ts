/**
 * What happens to a photo once its bytes are there. Each step may be the last before a crash; the job is then run again
 * from the row:
 *
 *   original read ─► child ─► first rendition: permanent blob ─► row `viewable` ─► told
 *                       └───► the others:      the same       ─► row `ready`    ─► told ─► original removed
 *
 * What must hold: a row names a blob only after it is permanent, so no reference dangles; keys follow from the row, so a
 * rerun writes the same blobs, and what the row names already is not written again. The original, with its position and
 * all, is kept only until the photo is `ready`; one that cannot be decoded stays as evidence until the reconciler removes it.
 */
import { assertNever } from '../assert-never.ts';
import type { Clock } from '../clock.ts';
import { Problem } from '../errors.ts';
import type { MediaId, RevisionSource } from '../ids.ts';
import { limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { OutboxEntry } from '../storage/activity.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import type { Store } from '../storage/store.ts';
import type { Rendition } from '../storage/tables/posts.ts';
import { originalKey, renditionKey } from './media-keys.ts';
import type { MediaOutcome } from './media-outcome.ts';
import { PhotoLifecycle, type MediaRow } from './photo-lifecycle.ts';
import type { RenderedPhoto } from './renditions/rendition-messages.ts';
import type { RenditionPool } from './renditions/rendition-pool.ts';
import { ReusedMemory } from '../reused-memory.ts';
import { PhotoRefused, RenditionCrash } from './renditions/rendition-process.ts';

export interface MediaWorkerOptions {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly revisions: RevisionSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pool: Pick<RenditionPool, 'render'>;
  readonly outcome: MediaOutcome;
}

/** The photo was deleted while it was made: nothing is left to do, and nothing of it is left. */
class DeletedMeanwhile extends Error {
  override readonly name = 'DeletedMeanwhile';
}

const CRASH_REASON = 'The image could not be decoded within the time and memory allowed.';

export class MediaWorker {
  private readonly options: MediaWorkerOptions;
  private readonly photos: PhotoLifecycle;
  private readonly memory = new ReusedMemory(limits.photoBytesMax, limits.renditionWorkers);

  constructor(options: MediaWorkerOptions) {
    this.options = options;
    this.photos = new PhotoLifecycle(options);
  }

  /** Resolves when all effects of the entry are acknowledged. Doing an entry again is fine. */
  async handle({ activity }: OutboxEntry): Promise<void> {
    if (activity.kind === 'media.uploaded') await this.process(activity.mediaId);
  }

  private async process(mediaId: MediaId): Promise<void> {
    const row = await this.photos.read(mediaId);
    if (row === null) return;
    try {
      await this.proceed(row);
    } catch (error) {
      if (!(error instanceof DeletedMeanwhile)) throw error;
    }
  }

  private async proceed(row: MediaRow): Promise<void> {
    if (row.state === 'gone' || (await this.photos.postDeleted(row))) return this.photos.remove(row);
    switch (row.state) {
      case 'pending':
        // The batch that made this entry also made the row `uploaded`: it is on its way.
        throw new Problem('unavailable', { detail: 'The upload is not yet visible.' });
      case 'uploaded':
      case 'viewable':
        return this.render(row);
      case 'ready':
        return this.finish(row);
      case 'failed':
        return this.options.outcome.failed(row.mediaId, row.failureReason ?? '');
      default:
        return assertNever(row.state);
    }
  }

  private async render(row: MediaRow): Promise<void> {
    const memory = this.memory.take();
    try {
      const photo = await this.original(row, memory);
      await this.finish(await this.renderPatiently(row, photo));
    } catch (error) {
      if (!(error instanceof PhotoRefused)) throw error;
      await this.fail(row, error.message);
    } finally {
      this.memory.give(memory);
    }
  }

  /** A child that ends is not proof against the photo: it is tried again, so often and no more. */
  private async renderPatiently(row: MediaRow, photo: Buffer): Promise<MediaRow> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.renderOnce(await this.present(row), photo);
      } catch (error) {
        if (!(error instanceof RenditionCrash)) throw error;
        const { mediaId } = row;
        this.options.log.warn('a photo ended its decoder', { mediaId, attempt, reason: error.message });
        if (attempt >= limits.poisonAttemptsMax) throw new PhotoRefused(CRASH_REASON, { cause: error });
      }
    }
  }

  private async renderOnce(start: MediaRow, photo: Buffer): Promise<MediaRow> {
    const renditions: Rendition[] = [];
    let row = start;
    await this.options.pool.render(photo, async (rendered) => {
      renditions.push(await this.keep(row, rendered));
      if (renditions.length > 1) return;
      row = await this.advance(row, {
        ...rendered.facts,
        state: 'viewable',
        // A rerun has made more before: they stay, until all are there again.
        renditions: row.renditions.length > 0 ? row.renditions : [...renditions],
      });
      await this.options.outcome.viewable(row.mediaId);
    });
    return this.advance(row, { state: 'ready', renditions });
  }

  /** Makes one rendition permanent, and says how the row is to name it. */
  private async keep(row: MediaRow, rendered: RenderedPhoto): Promise<Rendition> {
    const { size, format, width, height, bytes } = rendered;
    const blobKey = renditionKey(row.blobPrefix, size, format);
    const named = row.renditions.find((rendition) => rendition.blobKey === blobKey);
    if (named !== undefined && (await this.options.blobs.stat(blobKey))?.state === 'permanent') return named;
    await this.options.blobs.writePermanent(blobKey, bytes, { contentType: `image/${format}` });
    return { size, format, width, height, bytes: bytes.length, blobKey };
  }

  /** The row as it is now. Whatever was written for a photo that is gone is removed again. */
  private async present(row: MediaRow): Promise<MediaRow> {
    const current = await this.photos.read(row.mediaId);
    if (current !== null && current.state !== 'gone') return current;
    await this.photos.remove(current ?? { ...row, state: 'gone' });
    throw new DeletedMeanwhile();
  }

  private async advance(row: MediaRow, changes: Partial<MediaRow>): Promise<MediaRow> {
    const next = await this.photos.write(await this.present(row), changes);
    if (await this.photos.postDeleted(next)) {
      await this.photos.remove(next);
      throw new DeletedMeanwhile();
    }
    return next;
  }

  private async finish(row: MediaRow): Promise<void> {
    await this.options.outcome.ready(row.mediaId);
    await this.options.blobs.remove(originalKey(row.blobPrefix));
  }

  private async fail(start: MediaRow, reason: string): Promise<void> {
    const row = await this.present(start);
    switch (row.state) {
      case 'pending':
      case 'uploaded':
        await this.advance(row, { state: 'failed', failureReason: reason });
        return this.options.outcome.failed(row.mediaId, reason);
      case 'viewable':
        // It is being shown already: what was made is what there is.
        return this.finish(await this.advance(row, { state: 'ready' }));
      case 'ready':
      case 'failed':
      case 'gone':
        // Another run came first: that stands.
        return;
      default:
        return assertNever(row.state);
    }
  }

  private async original(row: MediaRow, memory: Buffer): Promise<Buffer> {
    try {
      const photo = await this.options.blobs.readInto(originalKey(row.blobPrefix), memory);
      if (photo !== null) return photo;
    } catch (error) {
      const isTooLarge = error instanceof Problem && error.code === 'payload-too-large';
      if (!isTooLarge) throw error;
      throw new PhotoRefused(`A photo has at most ${limits.photoBytesMax} bytes.`, { cause: error });
    }
    throw new PhotoRefused('The uploaded bytes are no longer there.');
  }
}
