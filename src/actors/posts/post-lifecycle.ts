/**
 * When a draft goes live. Pure.
 *
 *   draft ──► live ──► deleted      live: a photo can be seen and no upload is outstanding
 *     ├─────► failed ──► deleted    failed: every photo was refused
 *     └─────────────────► deleted   deleted is final
 */
import type { MediaRow, PostRecord } from '../../storage/repositories/posts.ts';

export type DraftVerdict =
  | { readonly kind: 'wait' }
  | { readonly kind: 'publish' }
  | { readonly kind: 'fail'; readonly reason: string };

/** What should become of a draft, given its photos. Asked again at every report of a photo; the answer depends on rows alone. */
export function judgeDraft(record: PostRecord): DraftVerdict {
  if (record.post.state !== 'draft') return { kind: 'wait' };
  if (record.media.some((medium) => medium?.state === 'pending')) return { kind: 'wait' };
  const first = record.media.find((medium) => medium !== null && !isRefused(medium));
  if (!first) return { kind: 'fail', reason: refusalOf(record) };
  return isViewable(first) ? { kind: 'publish' } : { kind: 'wait' };
}

/** Nothing about the photos will change any more. */
export function isSettled(record: PostRecord): boolean {
  return record.media.every((medium) => medium === null || medium.state === 'ready' || isRefused(medium));
}

function isRefused(medium: MediaRow): boolean {
  return medium.state === 'failed' || medium.state === 'gone';
}

function isViewable(medium: MediaRow): boolean {
  return medium.state === 'viewable' || medium.state === 'ready';
}

function refusalOf(record: PostRecord): string {
  return record.media.find((medium) => medium?.failureReason)?.failureReason ?? 'The photo could not be used.';
}
