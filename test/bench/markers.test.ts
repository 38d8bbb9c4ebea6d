import test from 'ava';
import { deletablePostId, eachMarker, type Marker, markedCaption } from '../../bench/harness/markers.ts';
import { eventFrames } from '../../bench/peers/peer-events.ts';
import { deletionTemplate, postTemplate } from '../../bench/product/sample-event.ts';

function markersOf(text: string): { events: number; markers: Marker[] } {
  const bytes = Buffer.from(text);
  const markers: Marker[] = [];
  const events = eachMarker(bytes, 0, bytes.length, (marker) => markers.push(marker));
  return { events, markers };
}

const post = (marker: Marker): string =>
  `{"id":"post.updated:0abc:7","type":"post.updated","data":{"id":"0abc","author":{"id":"0def"},"caption":"${markedCaption(marker)}"}}`;
const deletion = (stream: number, number: number): string => {
  const id = deletablePostId(stream, number);
  return `{"id":"post.deleted:${id}","type":"post.deleted","data":{"id":"${id}","version":3}}`;
};

test('a frame shows each of its events once, by caption or by the post that was deleted', (t) => {
  const marked = { stream: 3, number: 1234, sentAtUs: 987_654_321 };
  const frame = `{"t":"events","seq":1,"events":[${post(marked)},${deletion(5, 77)}]}`;
  t.deepEqual(markersOf(frame), { events: 2, markers: [marked, { stream: 5, number: 77, sentAtUs: 0 }] });
});

test('an event without a marker counts and is not shown', (t) => {
  const frame = '{"t":"events","events":[{"id":"notification.new:0abc","data":{"id":"0abc"}}]}';
  t.deepEqual(markersOf(frame), { events: 1, markers: [] });
});

test('peers send the sampled event with the number that is due', (t) => {
  const template = postTemplate(post({ stream: 2, number: 0, sentAtUs: 0 }));
  const [frame = ''] = eventFrames([{ template, stream: 2, number: 41 }]);
  t.like(markersOf(frame).markers[0], { stream: 2, number: 41 });
  const [deleted = ''] = eventFrames([{ template: deletionTemplate(deletion(0, 0)), stream: 4, number: 9 }]);
  t.like(markersOf(deleted).markers[0], { stream: 4, number: 9 });
});
