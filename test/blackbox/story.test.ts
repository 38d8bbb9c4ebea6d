import { randomUUID } from 'node:crypto';
import test from 'ava';
import { smallPhotograph } from '../support/photographs.ts';
import { waitFor } from '../support/wait-for.ts';
import { call, Person, type Post } from './api.ts';
import { Phone } from './phone.ts';
import { Posts, type Revalidated, type WireEvent } from '../../sdk/index.ts';
import { openTarget, type Target } from './target.ts';

let target: Target;
test.before(async () => {
  target = await openTarget({ CELEBRITY_THRESHOLD: '5', CELEBRITY_GRACE_MS: '0' });
});
test.after.always(() => target.close());

async function pair(): Promise<{ author: Person; follower: Person; phone: Phone }> {
  const author = await Person.register(target.url, 'ada');
  const follower = await Person.register(target.url, 'ben');
  await follower.follow(author);
  const phone = new Phone(follower);
  await phone.connect();
  return { author, follower, phone };
}

test('a photograph reaches a follower’s phone live, once, with every rendition to fetch', async (t) => {
  const { author, follower, phone } = await pair();
  const postId = await author.post('the harbour at dawn', await smallPhotograph(1));
  await waitFor('post.new', () => phone.ids('post.new').includes(`post.new:${postId}`));
  const event = phone.applied.find((one) => one.id === `post.new:${postId}`);
  const post = event?.data as Post;
  t.is(post.caption, 'the harbour at dawn');
  const photograph = await fetch(post.mediaUrl ?? '');
  t.is(photograph.status, 200);
  t.is(photograph.headers.get('content-type'), 'image/jpeg');
  const ready = await waitFor('all renditions', async () => {
    const body = await follower.expect<Post>(200, 'GET', `/v1/posts/${postId}`);
    return body.uploadStatus === 'complete' ? body : null;
  });
  for (const source of ready.photos[0]?.sources ?? []) {
    const answer = await fetch(source.url);
    t.is(answer.status, 200);
    t.is(answer.headers.get('content-type'), `image/${source.format}`);
    await answer.arrayBuffer();
  }
  const feed = await follower.wholeFeed();
  t.deepEqual(
    feed.map((one) => one.id),
    [postId],
  );
  t.deepEqual(phone.complaints, []);
  phone.cut();
});

test('direct multipart upload answers 201 with the post, and it goes live', async (t) => {
  const { author, phone } = await pair();
  const form = new FormData();
  form.set('caption', 'in one request');
  form.set(
    'photo',
    new Blob([new Uint8Array(await smallPhotograph(2))], { type: 'image/jpeg' }),
    '../../evil<script>.jpg',
  );
  const response = await fetch(`${target.url}/v1/photos`, {
    method: 'POST',
    headers: { authorization: `Bearer ${author.accessToken}`, 'idempotency-key': randomUUID() },
    body: form,
  });
  t.is(response.status, 201);
  const post = (await response.json()) as Post;
  t.is(post.caption, 'in one request');
  await waitFor('post.new', () => phone.ids('post.new').includes(`post.new:${post.id}`));
  phone.cut();
});

test('likes, comments and follows notify, and reading marks them read on every phone', async (t) => {
  const { author, follower, phone } = await pair();
  const postId = await author.post('a cat', await smallPhotograph(3));
  await waitFor('post.new', () => phone.ids('post.new').length === 1);
  const left = new Phone(author, { device: 'left' });
  const right = new Phone(author, { device: 'right' });
  await Promise.all([left.connect(), right.connect()]);
  const liked = await follower.expect<{ likeCount: number }>(200, 'PUT', `/v1/posts/${postId}/like`);
  t.is(liked.likeCount, 1);
  const again = await follower.expect<{ likeCount: number }>(200, 'PUT', `/v1/posts/${postId}/like`);
  t.is(again.likeCount, 1);
  await follower.expect(201, 'POST', `/v1/posts/${postId}/comments`, { body: { text: 'lovely' } });
  await waitFor(
    'notifications',
    () => left.ids('notification.new').length >= 2 && right.ids('notification.new').length >= 2,
  );
  const list = await author.expect<{ notifications: { id: string; kind: string }[]; unread: number }>(
    200,
    'GET',
    '/v1/notifications',
  );
  t.deepEqual(list.notifications.map((one) => one.kind).sort(), ['comment', 'follow', 'like']);
  t.is(list.unread, 3);
  await waitFor('the badge', () => left.unread === 3 && right.unread === 3);
  await author.expect(200, 'POST', '/v1/notifications/read', { body: {} });
  await waitFor('both badges to clear', () => left.unread === 0 && right.unread === 0);
  const post = await author.expect<{ likeCount: number; commentCount: number; likedByMe: boolean }>(
    200,
    'GET',
    `/v1/posts/${postId}`,
  );
  t.like(post, { likeCount: 1, commentCount: 1, likedByMe: false });
  left.cut();
  right.cut();
  phone.cut();
});

test('following brings the author’s earlier posts into the feed, unfollowing takes them out', async (t) => {
  const author = await Person.register(target.url, 'cleo');
  const reader = await Person.register(target.url, 'dan');
  const ids: string[] = [];
  for (let index = 0; index < 3; index++) ids.push(await author.post(`number ${index}`, await smallPhotograph(index)));
  await waitFor('the author’s own list', async () => {
    const page = await author.expect<{ posts: Post[] }>(200, 'GET', `/v1/users/${author.id}/posts`);
    return page.posts.length === 3;
  });
  await reader.follow(author);
  t.deepEqual((await reader.wholeFeed()).map((one) => one.id).sort(), [...ids].sort());
  await reader.expect(200, 'DELETE', `/v1/follows/${author.id}`);
  t.deepEqual(await reader.wholeFeed(), []);
});

test('editing and deleting reach the phone; what is deleted is gone everywhere', async (t) => {
  const { author, follower, phone } = await pair();
  const postId = await author.post('tpyo', await smallPhotograph(4));
  const live = await waitFor('post.new', () => phone.applied.find((one) => one.type === 'post.new'));
  const mediaUrl = (live.data as Post).mediaUrl ?? '';
  await author.expect(200, 'PUT', `/v1/posts/${postId}`, { body: { caption: 'typo' } });
  const updated = await waitFor('post.updated', () =>
    phone.applied.find((one) => one.type === 'post.updated' && (one.data as Post).caption === 'typo'),
  );
  t.true((updated.data as Post).version > (live.data as Post).version);
  const removed = await author.call('DELETE', `/v1/posts/${postId}`);
  t.true(removed.status < 300);
  await waitFor('post.deleted', () => phone.ids('post.deleted').length === 1);
  t.is((await follower.call('GET', `/v1/posts/${postId}`)).status, 404);
  t.deepEqual(await follower.wholeFeed(), []);
  await waitFor('the photograph to be gone', async () => (await fetch(mediaUrl)).status === 404);
  phone.cut();
});

test('crossing the celebrity threshold in both directions loses and doubles nothing', async (t) => {
  const author = await Person.register(target.url, 'eve');
  const crowd = await Promise.all(Array.from({ length: 6 }, () => Person.register(target.url, 'fan')));
  const phones = crowd.map((person) => new Phone(person));
  const ids: string[] = [];
  const post = async (): Promise<void> => {
    const id = await author.post(`post ${ids.length}`, await smallPhotograph(ids.length));
    ids.push(id);
    await waitFor(
      'the post to be live',
      async () => (await author.expect<Post>(200, 'GET', `/v1/posts/${id}`)).mediaUrl !== null,
    );
  };
  for (const person of crowd.slice(0, 3)) await person.follow(author);
  await Promise.all(phones.map((phone) => phone.connect()));
  await post();
  for (const person of crowd.slice(3)) await person.follow(author);
  await post();
  await post();
  for (const person of crowd.slice(2)) await person.expect(200, 'DELETE', `/v1/follows/${author.id}`);
  await post();
  for (const person of crowd.slice(2)) await person.follow(author);
  await post();
  for (const [index, person] of crowd.entries()) {
    const feed = await waitFor(`the whole feed of follower ${index}`, async () => {
      const posts = (await person.wholeFeed()).map((one) => one.id);
      return posts.length >= ids.length ? posts : null;
    });
    t.deepEqual(feed, [...ids].reverse());
  }
  for (const phone of phones.slice(0, 2)) {
    await waitFor('every post live', () => phone.ids('post.new').length === ids.length);
    t.deepEqual(phone.complaints, []);
  }
  for (const phone of phones) phone.cut();
});

test('a creating call that is repeated with its key has the effect of one', async (t) => {
  const author = await Person.register(target.url, 'fay');
  const headers = { 'idempotency-key': randomUUID() };
  const first = await author.expect<{ postId: string }>(201, 'POST', '/v1/posts', {
    body: { caption: 'once' },
    headers,
  });
  const second = await author.expect<{ postId: string }>(201, 'POST', '/v1/posts', {
    body: { caption: 'once' },
    headers,
  });
  t.is(second.postId, first.postId);
  const other = await author.call<{ code: string }>('POST', '/v1/posts', { body: { caption: 'twice' }, headers });
  t.is(other.status, 422);
  t.is(other.body.code, 'idempotency-mismatch');
});

test('what is not a photograph is refused with its reason, in the documented form', async (t) => {
  const author = await Person.register(target.url, 'gus');
  const draft = await author.expect<{ postId: string; uploadUrl: string }>(201, 'POST', '/v1/posts', {
    body: { caption: 'x' },
  });
  const answer = await call<{ type: string; status: number; detail: string }>(draft.uploadUrl, 'PUT', {
    raw: Buffer.from('<svg onload=alert(1)>'),
  });
  t.is(answer.status, 415);
  t.regex(answer.headers.get('content-type') ?? '', /application\/problem\+json/);
  t.is(answer.body.type, 'urn:shutterline:error:unsupported-media');
  const truncated = (await smallPhotograph(9)).subarray(0, 200);
  const second = await author.expect<{ postId: string; uploadUrl: string }>(201, 'POST', '/v1/posts', {
    body: { caption: 'y' },
  });
  const phone = new Phone(author);
  await phone.connect();
  t.true((await call(second.uploadUrl, 'PUT', { raw: truncated })).status < 300);
  await waitFor('media.failed', () => phone.ids('media.failed').length === 1);
  const post = await author.expect<Post>(200, 'GET', `/v1/posts/${second.postId}`);
  t.is(post.uploadStatus, 'failed');
  phone.cut();
});

test('whoever watches a post sees counts, comments and typing move', async (t) => {
  const { author, follower, phone } = await pair();
  const postId = await author.post('watched', await smallPhotograph(8));
  await waitFor('post.new', () => phone.ids('post.new').length === 1);
  phone.send({ t: 'watch', topics: [`post:${postId}`] });
  const heard = (type: string): boolean =>
    phone.live.some((one) => one.topic === `post:${postId}` && one.type === type);
  await waitFor('typing', async () => {
    await author.call('POST', `/v1/posts/${postId}/typing`);
    return heard('typing');
  });
  await author.expect(201, 'POST', `/v1/posts/${postId}/comments`, { body: { text: 'first' } });
  await follower.expect(200, 'PUT', `/v1/posts/${postId}/like`);
  await waitFor('comment and counts', () => heard('comment.new') && heard('counts'));
  t.true(phone.live.every((one) => one.topic === `post:${postId}`));
  t.deepEqual(phone.complaints, []);
  phone.cut();
});

test('what a celebrity edited and deleted while a phone was away is right after resume, sync and revalidation', async (t) => {
  const { author, follower, phone } = await pair();
  for (let index = 0; index < 5; index++) await (await Person.register(target.url, 'fan')).follow(author);
  const live = async (caption: string): Promise<string> => {
    const id = await author.post(caption, await smallPhotograph(caption.length));
    await waitFor('the post on the phone', () => phone.ids('post.new').includes(`post.new:${id}`));
    return id;
  };
  const [edited, deleted, kept] = [await live('edited'), await live('deleted!'), await live('kept as it is')];
  const complete = async (id: string) =>
    (await author.expect<Post>(200, 'GET', `/v1/posts/${id}`)).uploadStatus === 'complete' || null;
  for (const id of [edited, deleted, kept]) await waitFor('all renditions', () => complete(id));
  const list = new Posts();
  const apply = () => {
    for (const event of phone.applied) list.applyEvent({ ...event, at: '' } as WireEvent);
  };
  phone.cut();
  apply();

  await author.expect(200, 'PUT', `/v1/posts/${edited}`, { body: { caption: 'edited while you were away' } });
  await author.expect(204, 'DELETE', `/v1/posts/${deleted}`);
  // So much happens that the log of this phone's user no longer reaches back.
  const noise = await publish(author);
  for (let index = 0; index < 300; index++) {
    await author.expect(200, 'PUT', `/v1/posts/${noise}`, { body: { caption: `noise ${index}` } });
  }
  await phone.connect();
  t.is(phone.modes.at(-1), 'behind');
  await phone.settled();
  apply();
  const held = list.versions();
  const answer = await follower.expect<Revalidated>(200, 'POST', '/v1/posts/revalidate', { body: { held } });
  list.applyRevalidated(answer);
  t.is(list.get(edited)?.caption, 'edited while you were away');
  t.true(list.isGone(deleted));
  t.is(list.get(kept)?.caption, 'kept as it is');
  t.is(list.get(noise)?.caption, 'noise 299');
  t.deepEqual(phone.complaints, []);
  const feed = await follower.wholeFeed();
  t.deepEqual(Object.keys(list.versions()).sort(), feed.map((post) => post.id).sort());
  phone.cut();
});

/** A post that is live, whoever is there to see it. */
async function publish(author: Person): Promise<string> {
  const id = await author.post('noise', await smallPhotograph(9));
  await waitFor('the post to be live', async () => {
    const post = await author.expect<Post>(200, 'GET', `/v1/posts/${id}`);
    return post.mediaUrl;
  });
  return id;
}

test('how long a post takes to a phone is measured, from its acceptance to the acknowledgement', async (t) => {
  const { author, phone } = await pair();
  const read = async (name: string): Promise<number> => {
    const text = await (await fetch(`${target.url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  };
  const before = await read('shutterline_post_acknowledged_seconds_count');
  const id = await author.post('measured', await smallPhotograph(8));
  await waitFor('post.new', () => phone.ids('post.new').includes(`post.new:${id}`));
  await waitFor('the measurement', async () => (await read('shutterline_post_acknowledged_seconds_count')) > before);
  t.true((await read('shutterline_events_sent_total')) >= (await read('shutterline_events_acknowledged_total')));
  t.true((await read('shutterline_events_acknowledged_total')) > 0);
  t.true((await read('shutterline_sessions_behind_total')) >= 0);
  t.true((await read('shutterline_sessions_resumed_total')) >= 0);
  phone.cut();
});
