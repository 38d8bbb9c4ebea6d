/**
 * The product's main promise, told once for every client: two people, a photograph, a like, a comment; the connection is
 * cut, the application is ended and started again, and at the end its list equals the acknowledged writes.
 */
import type { ExecutionContext } from 'ava';
import { Person, type Post } from '../blackbox/api.ts';
import { CuttingProxy } from '../support/cutting-proxy.ts';
import { firstDifference } from '../support/first-difference.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { waitFor } from '../support/wait-for.ts';
import type { ForeignPhone, OpenPhone, ShownEvent } from './foreign-phone.ts';

/** More than the log of a user holds: who was away for it must catch up by `sync`. */
const LONG_ABSENCE_EVENTS = 300;
const PATIENCE_MS = 60_000;
/** More than the server sends without an acknowledgement, and less time than it waits for one before it closes. */
const WINDOWS_EVENTS = 100;
const UNACKNOWLEDGED_MS_MAX = 20_000;

interface Pair {
  readonly ada: Person;
  readonly ben: Person;
  readonly adasPhone: ForeignPhone;
  readonly bensPhone: ForeignPhone;
  readonly network: CuttingProxy;
}

async function withPair(serverUrl: string, open: OpenPhone, tell: (pair: Pair) => Promise<void>): Promise<void> {
  const ada = await Person.register(serverUrl, 'ada');
  const ben = await Person.register(serverUrl, 'ben');
  const network = await CuttingProxy.open(serverUrl);
  const phones: ForeignPhone[] = [];
  const phoneOf = (person: Person): ForeignPhone => {
    const phone = open({ url: network.url, username: person.username, accessToken: person.accessToken });
    phones.push(phone);
    return phone;
  };
  try {
    const adasPhone = phoneOf(ada);
    const bensPhone = phoneOf(ben);
    await Promise.all([adasPhone.start(), bensPhone.start()]);
    await tell({ ada, ben, adasPhone, bensPhone, network });
  } finally {
    await Promise.all(phones.map((phone) => phone.discard()));
    await network.close();
  }
}

/** Edits one post over and over: every edit is an event, and its version is what was acknowledged. */
class Writer {
  readonly acknowledged: string[];
  private readonly author: Person;
  private readonly postId: string;

  constructor(author: Person, postId: string) {
    this.author = author;
    this.postId = postId;
    this.acknowledged = [`post.new:${postId}`];
  }

  get last(): string {
    return this.acknowledged.at(-1) ?? '';
  }

  async write(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const body = { caption: `edit ${this.acknowledged.length}` };
      const post = await this.author.expect<Post>(200, 'PUT', `/v1/posts/${this.postId}`, { body });
      this.acknowledged.push(`post.updated:${this.postId}:${post.version}`);
    }
  }
}

function postEvents(phone: ForeignPhone): string[] {
  return phone.shown.map((event) => event.id).filter((id) => id.startsWith('post.'));
}

function shown(phone: ForeignPhone, id: string): Promise<ShownEvent> {
  return waitFor(id, () => phone.shown.find((event) => event.id === id), PATIENCE_MS);
}

function shownAlready(phone: ForeignPhone, id: string): boolean {
  return phone.shown.some((event) => event.id === id);
}

async function sameList(t: ExecutionContext, phone: ForeignPhone, writer: Writer): Promise<void> {
  await waitFor('every acknowledged write', () => postEvents(phone).length >= writer.acknowledged.length, PATIENCE_MS);
  await waitFor('the newest to be stored', () => phone.stored(writer.last), PATIENCE_MS);
  t.is(firstDifference(postEvents(phone), writer.acknowledged), null);
}

/** Follow, photograph, like, comment, notifications; then a cut in the middle and a restart. */
export async function tellStory(t: ExecutionContext, serverUrl: string, open: OpenPhone): Promise<void> {
  await withPair(serverUrl, open, async ({ ada, adasPhone, bensPhone, network }) => {
    await bensPhone.perform('follow.create', { followedId: ada.id });
    const postId = await ada.post('the harbour at dawn', await smallPhotograph(1));
    const event = await shown(bensPhone, `post.new:${postId}`);
    t.is(event.data['caption'], 'the harbour at dawn');
    t.is((await fetch(String(event.data['mediaUrl']))).headers.get('content-type'), 'image/jpeg');
    t.like(await bensPhone.perform('post.like', { postId }), { likeCount: 1 });
    t.like(await bensPhone.perform('comment.create', { postId, text: 'lovely' }), { text: 'lovely' });
    const notifications = (): string[] =>
      adasPhone.shown.filter(({ type }) => type === 'notification.new').map(({ data }) => String(data['kind']));
    await waitFor('three notifications', () => notifications().length >= 3, PATIENCE_MS);
    t.deepEqual(notifications().map(String).sort(), ['comment', 'follow', 'like']);

    const writer = new Writer(ada, postId);
    await writer.write(WINDOWS_EVENTS);
    await waitFor('a burst on one connection', () => shownAlready(bensPhone, writer.last), UNACKNOWLEDGED_MS_MAX);
    const burst = writer.write(30);
    await waitFor('the burst to begin', () => writer.acknowledged.length > WINDOWS_EVENTS + 5);
    network.cut();
    await burst;
    await sameList(t, bensPhone, writer);

    await bensPhone.kill();
    await writer.write(10);
    await bensPhone.start();
    await writer.write(2);
    await sameList(t, bensPhone, writer);
    t.is(notifications().length, 3);
    // All within reach of the log. (A cut that falls between two long polls is not even noticed.)
    const [first, ...later] = bensPhone.modes ?? ['fresh', 'resumed'];
    t.is(first, 'fresh');
    t.true(later.length > 0 && later.every((mode) => mode === 'resumed'), later.join());
  });
}

/** Away for longer than the log reaches; cut again while catching up. */
export async function tellLongAbsence(t: ExecutionContext, serverUrl: string, open: OpenPhone): Promise<void> {
  await withPair(serverUrl, open, async ({ ada, ben, bensPhone, network }) => {
    await ben.follow(ada);
    const writer = new Writer(ada, await ada.post('before the journey', await smallPhotograph(2)));
    await shown(bensPhone, writer.last);
    await waitFor('it to be stored', () => bensPhone.stored(writer.last), PATIENCE_MS);
    await bensPhone.kill();
    await writer.write(LONG_ABSENCE_EVENTS);
    await bensPhone.start();
    const live = writer.write(20);
    await waitFor('the catch-up to begin', () => postEvents(bensPhone).length > 1, PATIENCE_MS);
    network.cut();
    await live;
    await sameList(t, bensPhone, writer);
    t.is(bensPhone.modes?.[1] ?? 'behind', 'behind');
  });
}
