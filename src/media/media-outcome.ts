/** What the media workers tell the rest of the product; bound by the composition root. Repeating a call is fine. */
import type { MediaId } from '../ids.ts';

export interface MediaOutcome {
  /** The first rendition can be fetched: the post may go live. */
  viewable(mediaId: MediaId): Promise<void>;
  /** All renditions are there. */
  ready(mediaId: MediaId): Promise<void>;
  /** It will never be shown; `reason` is safe to show. */
  failed(mediaId: MediaId, reason: string): Promise<void>;
}
