/**
 * Compares blobs with rows. Removes what no row accounts for (left by crashes and abandoned uploads) and the photos of
 * drafts that are gone because others of their photos never came. Reports rows that name a blob that is not there (which
 * no crash can cause: it means that something outside removed it).
 */
import type { Clock } from '../clock.ts';
import type { MediaId, PostId } from '../ids.ts';
import { limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { BlobStore, ListedBlob } from '../storage/blob-store.ts';
import type { Store } from '../storage/store.ts';
import type { RowOf } from '../storage/table.ts';
import { media, posts } from '../storage/tables/posts.ts';
import { type BlobFacts, isAbandoned, judgeBlob, type BlobVerdict } from './blob-verdict.ts';
import { parseMediaKey } from './media-keys.ts';

export interface BlobReconcilerOptions {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ReconcileOptions {
  /** Only counts. */
  readonly dryRun: boolean;
  /** Default `limits.blobGraceMs`; 0 only when nothing else is writing. */
  readonly graceMs?: number;
}

export interface ReconcileReport {
  readonly blobs: number;
  /** Blobs that no row accounts for. */
  readonly orphans: number;
  /** Uploads never completed, and quarantined originals past their time. */
  readonly expired: number;
  /** Blobs that rows name and that are not there, or not permanent. */
  readonly dangling: number;
}

export interface JudgedBlob {
  readonly blob: ListedBlob;
  readonly facts: BlobFacts;
  readonly verdict: BlobVerdict;
}

const PAGE = 200;

export class BlobReconciler {
  private readonly options: BlobReconcilerOptions;
  private running: Promise<ReconcileReport> | null = null;

  constructor(options: BlobReconcilerOptions) {
    this.options = options;
  }

  /** Runs every `limits.blobReconcileMs`, never two at a time, until the returned function is called. */
  start(): () => void {
    const timer = this.options.clock.every(limits.blobReconcileMs, () => {
      if (this.running !== null) return;
      this.running = this.reconcile({ dryRun: false });
      this.running
        .catch((error: unknown) => this.options.log.error('blobs could not be reconciled', { error }))
        .finally(() => {
          this.running = null;
        });
    });
    return () => timer.cancel();
  }

  async reconcile({ dryRun, graceMs = limits.blobGraceMs }: ReconcileOptions): Promise<ReconcileReport> {
    const counts = { blobs: 0, orphans: 0, expired: 0 };
    for await (const page of pagesOf(this.options.blobs.list())) {
      const judged = await this.judge(page, graceMs);
      const needless = judged.filter(({ verdict }) => verdict !== 'needed');
      const orphans = needless.filter(({ verdict }) => verdict === 'orphan').length;
      counts.blobs += judged.length;
      counts.orphans += orphans;
      counts.expired += needless.length - orphans;
      if (!dryRun) await this.discard(needless);
    }
    const report = { ...counts, dangling: await this.countDangling() };
    if (report.orphans + report.expired + report.dangling > 0) {
      this.options.log.warn('blobs and rows differed', { ...report, dryRun });
    }
    return report;
  }

  /** At most 1,000 blobs. */
  async judge(page: readonly ListedBlob[], graceMs: number): Promise<JudgedBlob[]> {
    const ids = [...new Set(page.flatMap((blob) => parseMediaKey(blob.key)?.mediaId ?? []))];
    const rows = await this.options.store.getMany(
      media,
      ids.map((mediaId) => ({ mediaId })),
    );
    const byId = new Map(ids.map((mediaId, index) => [mediaId, rows[index] ?? null]));
    const found = await this.postsOf(rows.filter((row) => row !== null));
    const nowMs = this.options.clock.now();
    return page.map((blob) => {
      const key = parseMediaKey(blob.key);
      const row = key === null ? null : (byId.get(key.mediaId) ?? null);
      const facts: BlobFacts = { row, hasPost: row?.postId == null || found.has(row.postId) };
      return { blob, facts, verdict: judgeBlob(blob, facts, nowMs, graceMs) };
    });
  }

  private async postsOf(rows: readonly RowOf<typeof media>[]): Promise<ReadonlySet<PostId>> {
    const ids = [...new Set(rows.flatMap(({ postId }) => postId ?? []))];
    const found = await this.options.store.getMany(
      posts,
      ids.map((postId) => ({ postId })),
    );
    return new Set(ids.filter((_, index) => found[index] !== null));
  }

  /** Takes away blobs that were judged to be orphans or past their time. At most 1,000. */
  async discard(needless: readonly JudgedBlob[]): Promise<void> {
    if (needless.length === 0) return;
    for (const { facts } of needless) await this.bury(facts);
    await this.options.blobs.removeAll(needless.map(({ blob }) => blob.key));
  }

  /** Rows go before their blobs, so that nobody is led to one that is being removed. */
  private async bury(facts: BlobFacts): Promise<void> {
    const { row } = facts;
    const nowMs = this.options.clock.now();
    if (row === null || row.state === 'gone' || !isAbandoned(facts, nowMs)) return;
    const gone = { ...row, state: 'gone' as const, renditions: [], thumbHash: '', revision: row.revision + 1 };
    await this.options.store.put(media, gone, { expiresAtMs: nowMs + limits.tombstoneRetentionMs });
  }

  private async countDangling(): Promise<number> {
    let dangling = 0;
    for await (const row of this.options.store.scan(media)) {
      if (row.state !== 'viewable' && row.state !== 'ready') continue;
      for (const { blobKey } of row.renditions) if (await this.isMissing(row.mediaId, blobKey)) dangling++;
    }
    return dangling;
  }

  private async isMissing(mediaId: MediaId, blobKey: string): Promise<boolean> {
    if ((await this.options.blobs.stat(blobKey))?.state === 'permanent') return false;
    // The row may have changed since it was scanned.
    const row = await this.options.store.get(media, { mediaId });
    const named = row !== null && row.renditions.some((rendition) => rendition.blobKey === blobKey);
    if (named) this.options.log.error('a row names a blob that is not there', { mediaId, blobKey });
    return named;
  }
}

async function* pagesOf(blobs: AsyncIterable<ListedBlob>): AsyncGenerator<ListedBlob[]> {
  let page: ListedBlob[] = [];
  for await (const blob of blobs) {
    page.push(blob);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
