/** The event as the product really sends it, with marks where the marker's digits go: what peers send is as long. */
import type { Person } from './world.ts';
import type { Product } from './product.ts';
import { RawWebSocket, sharedReadBuffer } from '../load/raw-websocket.ts';
import { DELETED_MARK, NUMBER_MARK, TIME_MARK } from '../peers/peer-events.ts';

const TIMEOUT_MS = 10_000;
const EVENTS = '"events":[';

/** What `cause` makes a follower see, as text. */
export async function sampleEvent(product: Product, follower: Person, cause: () => Promise<void>): Promise<string> {
  const { world, port } = product;
  let sent = false;
  const frame = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no sample event came')), TIMEOUT_MS);
    const socket = RawWebSocket.open(
      { host: '127.0.0.1', port, path: '/v1/live', protocol: 'shutterline.v1' },
      {
        accepted: () => socket.send(JSON.stringify({ t: 'hello', token: world.token(follower), device: 'sample' })),
        text(bytes, start, end) {
          const text = bytes.toString('utf8', start, end);
          if (text.startsWith('{"t":"events"')) {
            clearTimeout(timer);
            socket.destroy();
            resolve(text);
          } else if (!sent) {
            sent = true;
            cause().catch(reject);
          }
        },
        closed: (reason) => reject(new Error(reason)),
      },
      sharedReadBuffer(),
    );
  });
  return frame.slice(frame.indexOf(EVENTS) + EVENTS.length, -2);
}

/** For posts: number and time of the caption become marks. */
export function postTemplate(event: string): string {
  return event.replace(/b:(\d\d):\d{8}:\d{16};/, (_, stream: string) => `b:${stream}:${NUMBER_MARK}:${TIME_MARK};`);
}

/** For deletions: the post's id becomes a mark. */
export function deletionTemplate(event: string): string {
  return event
    .replace(/post\.deleted:\w{13}"/, `post.deleted:${DELETED_MARK}"`)
    .replace(/"data":\{"id":"\w{13}"/, `"data":{"id":"${DELETED_MARK}"`);
}
