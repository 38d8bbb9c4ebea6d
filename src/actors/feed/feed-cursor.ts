/** Cursors of the feed: `<publishId of the last place looked at>.<posts shown so far>`, opaque to clients. Pure. */
import { parseId, type PublishId } from '../../ids.ts';
import { limits } from '../../limits.ts';

export interface FeedCursor {
  /** Null: from the newest. */
  readonly before: PublishId | null;
  /** Posts on the pages before: a feed is `limits.timelineEntries` long. */
  readonly depth: number;
}

export function feedCursorText({ before, depth }: { before: PublishId; depth: number }): string {
  return `${before}.${depth}`;
}

/** Null when the cursor is not ours. */
export function parseFeedCursor(text: string): FeedCursor | null {
  const match = /^([^.]+)\.(\d{1,4})$/.exec(text);
  if (match === null) return null;
  const before = parseId<PublishId>(match[1] ?? '');
  const depth = Number(match[2]);
  return before === null || depth > limits.timelineEntries ? null : { before, depth };
}
