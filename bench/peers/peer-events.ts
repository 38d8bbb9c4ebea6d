/** The events that peers send: the product's own, with the marker of this one filled in. */
import { deletablePostId, nowUs } from '../harness/markers.ts';
import type { PeerEvent } from './server-calls.ts';

const NUMBER_DIGITS = 8;
const TIME_DIGITS = 16;
export const NUMBER_MARK = '<number>';
export const TIME_MARK = '<microseconds>';
export const DELETED_MARK = '<deleted>';

/** One frame an event, as a server without batches sends them. */
export function eventFrames(events: readonly PeerEvent[]): string[] {
  return events.map(({ template, stream, number }) => {
    const body = template
      .replace(NUMBER_MARK, String(number).padStart(NUMBER_DIGITS, '0'))
      .replace(TIME_MARK, String(nowUs()).padStart(TIME_DIGITS, '0'))
      .replaceAll(DELETED_MARK, () => deletablePostId(stream, number));
    return `{"t":"events","epoch":"bench","seq":${String(number + 1).padStart(16)},"events":[${body}]}`;
  });
}
