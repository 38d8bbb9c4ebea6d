import test from 'ava';
import { io, type Socket } from 'socket.io-client';
import { firstDifference } from '../support/first-difference.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { waitFor } from '../support/wait-for.ts';
import { Person } from '../blackbox/api.ts';
import { Phone, type ReceivedEvent } from '../blackbox/phone.ts';
import { openTarget, type Target } from '../blackbox/target.ts';

const EVENTS = 4_000;

let target: Target;
test.before(async () => {
  target = await openTarget();
});
test.after.always(() => target.close());

interface Scene {
  readonly author: Person;
  readonly follower: Person;
  readonly other: Phone;
  readonly postId: string;
}

async function scene(): Promise<Scene> {
  const author = await Person.register(target.url, 'busy');
  const follower = await Person.register(target.url, 'slow');
  const quick = await Person.register(target.url, 'quick');
  await follower.follow(author);
  await quick.follow(author);
  const other = new Phone(quick);
  await other.connect();
  const postId = await author.post('often edited', await smallPhotograph(7));
  await waitFor('the post', () => other.ids('post.new').length === 1);
  return { author, follower, other, postId };
}

/** Makes the events, and returns them in the order in which they were acknowledged. */
async function makeEvents({ author, postId }: Scene): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let index = 0; index < EVENTS; index++) {
    const post = await author.expect<{ version: number }>(200, 'PUT', `/v1/posts/${postId}`, {
      body: { caption: `${index}` },
    });
    acknowledged.push(`post.updated:${postId}:${post.version}`);
  }
  return acknowledged;
}

function updates(ids: readonly string[], expected: readonly string[]): string[] {
  const wanted = new Set(expected);
  return ids.filter((id) => wanted.has(id));
}

test(`native: a phone that stops reading for ${EVENTS} events has all of them afterwards, once, in order, without a reset`, async (t) => {
  t.timeout(180_000);
  const stage = await scene();
  const phone = new Phone(stage.follower);
  await phone.connect();
  phone.stall();
  const expected = await makeEvents(stage);
  phone.readOn();
  const caughtUp = async (): Promise<boolean> => {
    // Whoever acknowledges nothing for half a minute is disconnected, and connects again as phones do.
    if (!phone.connected) await phone.connect();
    return updates(phone.ids(), expected).length >= EVENTS;
  };
  await waitFor('every event', caughtUp, 60_000);
  await phone.settled();
  t.is(firstDifference(updates(phone.ids(), expected), expected), null);
  t.is(phone.resets, 0);
  t.deepEqual(phone.complaints, []);
  await waitFor('the other phone', () => updates(stage.other.ids(), expected).length === EVENTS);
  t.is(stage.other.behinds, 0, 'the quick phone was never behind');
  phone.cut();
  stage.other.cut();
});

/** A plain socket.io client with no special code beside the documented callbacks. */
function plainClient(
  person: Person,
  transports: string[],
): { socket: Socket; received: ReceivedEvent[]; counts: { resets: number } } {
  const socket = io(target.url, { transports, auth: { token: person.accessToken, device: 'plain' } });
  const received: ReceivedEvent[] = [];
  const known = new Set<string>();
  const counts = { resets: 0 };
  let cursor: string | null = null;
  const apply = (event: ReceivedEvent): void => {
    if (known.has(event.id)) return;
    known.add(event.id);
    received.push(event);
  };
  let syncing: Promise<void> = Promise.resolve();
  let gaps = 0;
  let aside: ReceivedEvent[] | null = null;
  socket.on('events', (batch: { cursor: string; events: ReceivedEvent[] }, acknowledge: () => void) => {
    if (aside === null) batch.events.forEach(apply);
    else aside.push(...batch.events);
    acknowledge();
  });
  const catchUp = (from: string): void => {
    const gap = ++gaps;
    aside ??= [];
    syncing = syncing.then(async () => {
      let at = from;
      for (let done = false; !done; ) {
        const page = await person.expect<{ events: ReceivedEvent[]; cursor: string; done: boolean }>(
          200,
          'GET',
          `/v1/sync?cursor=${at}`,
        );
        page.events.forEach(apply);
        at = page.cursor;
        done = page.done;
      }
      if (gap !== gaps) return;
      aside?.forEach(apply);
      aside = null;
    });
  };
  // It keeps the cursor of its first welcome and nothing else, so every further one means that something is missing.
  socket.on('welcome', (message: { cursor: string }) => {
    if (cursor === null) cursor = message.cursor;
    else catchUp(cursor);
  });
  socket.on('behind', (message: { cursor: string }) => catchUp(cursor ?? message.cursor));
  // Whoever acknowledges nothing for half a minute is disconnected, and stock clients leave it to the application to return.
  socket.on('disconnect', (reason) => {
    if (reason === 'io server disconnect') socket.connect();
  });
  socket.on('reset', () => counts.resets++);
  return { socket, received, counts };
}

test(`socket.io: a client that stops reading for ${EVENTS} events has all of them afterwards, once, in order, without a reset`, async (t) => {
  t.timeout(180_000);
  const stage = await scene();
  const { socket, received, counts } = plainClient(stage.follower, ['websocket']);
  await new Promise<void>((resolve) => socket.once('welcome', () => resolve()));
  const raw = (socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } }).ws;
  raw.pause();
  const expected = await makeEvents(stage);
  raw.resume();
  const ids = (): string[] =>
    updates(
      received.map((event) => event.id),
      expected,
    );
  await waitFor('every event', () => ids().length >= EVENTS, 60_000);
  t.is(firstDifference(ids(), expected), null);
  t.is(counts.resets, 0);
  socket.close();
  stage.other.cut();
});
