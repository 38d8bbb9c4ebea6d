/**
 * `MediaOutcome` of a worker that runs apart: what it found is written down as work for a node that holds posts and phones.
 * Each report resolves once it is durable, and only then does the worker call its own job done: so none is lost, some come
 * twice.
 */
import type { IdSource, MediaId } from '../ids.ts';
import { assertNever } from '../assert-never.ts';
import { type Activity, type Dispatch, recordActivity } from '../storage/activity.ts';
import type { Store } from '../storage/store.ts';
import type { MediaOutcome } from './media-outcome.ts';

export interface WrittenMediaOutcomeOptions {
  readonly store: Store;
  readonly ids: IdSource;
  readonly dispatch: Dispatch;
}

type Processed = Extract<Activity, { kind: 'media.processed' }>;

export class WrittenMediaOutcome implements MediaOutcome {
  private readonly options: WrittenMediaOutcomeOptions;

  constructor(options: WrittenMediaOutcomeOptions) {
    this.options = options;
  }

  viewable(mediaId: MediaId): Promise<void> {
    return this.write({ kind: 'media.processed', mediaId, outcome: 'viewable', reason: '' });
  }

  ready(mediaId: MediaId): Promise<void> {
    return this.write({ kind: 'media.processed', mediaId, outcome: 'ready', reason: '' });
  }

  failed(mediaId: MediaId, reason: string): Promise<void> {
    return this.write({ kind: 'media.processed', mediaId, outcome: 'failed', reason });
  }

  private async write(activity: Processed): Promise<void> {
    const { store, ids, dispatch } = this.options;
    const recorded = recordActivity(ids, activity, activity.mediaId);
    await store.batch(recorded.mutations);
    dispatch(recorded.entries);
  }
}

/** The report again, to those who act on it. */
export async function repeatOutcome(to: MediaOutcome, { mediaId, outcome, reason }: Processed): Promise<void> {
  switch (outcome) {
    case 'viewable':
      return to.viewable(mediaId);
    case 'ready':
      return to.ready(mediaId);
    case 'failed':
      return to.failed(mediaId, reason);
    default:
      return assertNever(outcome);
  }
}
