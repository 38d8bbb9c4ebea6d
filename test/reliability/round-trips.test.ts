/**
 * What every operation costs in round trips to the store, on a node that was just started and knows nothing: on a real
 * engine each of them is a network away. `docs/round-trips.md` states the numbers, and they are exactly these.
 */
import { readFile, writeFile } from 'node:fs/promises';
import test from 'ava';
import { compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import { catalogue } from '../../src/gateway/operations/catalogue.ts';
import { type Answer, call, PASSWORD, type Person } from '../blackbox/api.ts';
import { RoundTripCounter, type RoundTrips } from '../support/round-trips.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { PAGE, type RoundTripWorld, seed, withoutReconciler, withoutWorkers } from './round-trip-world.ts';

const DOCUMENT = 'docs/round-trips.md';
const TABLE_HEAD = '|---|---|---|\n';
const COLD_FEED_PAGE_MAX = 4;

interface Request {
  /** As in the table. */
  readonly name: string;
  readonly by: Person;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly status?: number;
}

/** In an order in which each finds what it needs. */
function requests(world: RoundTripWorld): Request[] {
  const { reader, author, stranger, postId, likedPostId, ownPostId } = world;
  const get = (name: string, path: string): Request => ({ name, by: reader, method: 'GET', path });
  const post = (name: string, path: string, body: unknown, status = 200): Request => ({
    name,
    by: reader,
    method: 'POST',
    path,
    body,
    status,
  });
  const remove = (name: string, path: string, status = 204): Request => ({
    name,
    by: reader,
    method: 'DELETE',
    path,
    status,
  });
  const newcomer = { username: 'newcomer', email: 'newcomer@example.org', password: PASSWORD };
  return [
    get('feed.read, first page', `/v1/feed?limit=${PAGE}`),
    get('feed.read, further page', world.secondPage),
    get('sync', `/v1/sync?cursor=${encodeURIComponent(world.syncCursor)}`),
    get('account.me', '/v1/me'),
    get('profile.read', `/v1/users/${author.id}`),
    get('profile.readByUsername', `/v1/users/by-username/${author.username}`),
    get('user.followers', `/v1/users/${author.id}/followers`),
    get('user.following', `/v1/users/${reader.id}/following`),
    get('user.posts', `/v1/users/${author.id}/posts`),
    get('post.read', `/v1/posts/${postId}`),
    post('post.revalidate', '/v1/posts/revalidate', { held: { [postId]: 0, [likedPostId]: 1 } }),
    get('comment.list', `/v1/posts/${postId}/comments`),
    get('notification.list', '/v1/notifications'),
    post('notification.read', '/v1/notifications/read', {}),
    post('account.register', '/v1/register', newcomer, 201),
    post('account.login', '/v1/login', { email: newcomer.email, password: PASSWORD }),
    post('account.refresh', '/v1/refresh', { refreshToken: reader.refreshToken }),
    { name: 'account.logout', by: stranger, method: 'POST', path: '/v1/logout', body: {}, status: 204 },
    { name: 'profile.edit', by: reader, method: 'PATCH', path: '/v1/me', body: { bio: 'new' } },
    post('profile.avatarUpload', '/v1/me/avatar', {}, 201),
    post('post.create', '/v1/posts', { caption: 'x' }, 201),
    post('upload.complete', `/v1/uploads/${world.arrivedMediaId}/complete`, {}, 202),
    { name: 'post.edit', by: reader, method: 'PUT', path: `/v1/posts/${ownPostId}`, body: { caption: 'new' } },
    post('post.typing', `/v1/posts/${postId}/typing`, {}, 204),
    { name: 'post.like', by: reader, method: 'PUT', path: `/v1/posts/${postId}/like` },
    remove('post.unlike', `/v1/posts/${postId}/like`, 200),
    post('comment.create', `/v1/posts/${postId}/comments`, { text: 'again' }, 201),
    remove('comment.delete', `/v1/posts/${postId}/comments/${world.commentId}`),
    post('follow.create', '/v1/follows', { followedId: stranger.id }),
    remove('follow.remove', `/v1/follows/${stranger.id}`, 200),
    remove('post.delete', `/v1/posts/${ownPostId}`),
  ];
}

/** A row of the document's table. */
function rowOf(name: string, trips: RoundTrips): string {
  const [operation = '', more] = name.split(',');
  const inOrder = trips.map((asked) => asked.join(', ')).join(' → ');
  return `| \`${operation}\`${more === undefined ? '' : `,${more}`} | ${trips.length} | ${inOrder} |`;
}

test('every operation costs the stated round trips, and a cold page of the feed at most four', async (t) => {
  t.timeout(120_000);
  const folder = await temporaryFolder();
  const environment = {
    ...process.env,
    DATA_DIR: folder.path,
    PORT: '0',
    LOG_LEVEL: 'silent',
    RATE_LIMIT_FACTOR: '1000',
    STORE: 'embedded',
    BLOBS: 'filesystem',
    QUEUE: 'embedded',
  };
  const world = await seed(environment);
  const rows: string[] = [];
  for (const { name, by, method, path, body, status = 200 } of requests(world)) {
    const counter = new RoundTripCounter();
    const cold = await compose(readConfig(environment), {
      wrapStore: counter.wrap,
      wrapQueue: withoutWorkers,
      wrapBlobs: withoutReconciler,
    });
    await counter.idle();
    const answers: Answer<{ posts?: unknown[] }>[] = [];
    const trips = await counter.during(async () => {
      const headers = { authorization: `Bearer ${by.accessToken}` };
      answers.push(await call(`${cold.url}${path}`, method, { headers, body }));
    });
    await cold.close();
    const [answer] = answers;
    t.is(answer?.status, status, `${name}: ${JSON.stringify(answer?.body)}`);
    if (name.startsWith('feed.read')) t.is(answer?.body.posts?.length, PAGE);
    rows.push(rowOf(name, trips));
    if (name.startsWith('feed.read')) t.true(trips.length <= COLD_FEED_PAGE_MAX, rows.at(-1));
  }
  t.log(rows.join('\n'));
  const text = await readFile(DOCUMENT, 'utf8');
  const head = text.slice(0, text.indexOf(TABLE_HEAD) + TABLE_HEAD.length);
  if (process.env['UPDATE_SNAPSHOTS'] === '1') await writeFile(DOCUMENT, `${head}${rows.join('\n')}\n`);
  t.is(await readFile(DOCUMENT, 'utf8'), `${head}${rows.join('\n')}\n`, 'UPDATE_SNAPSHOTS=1 writes it anew');
  const names = requests(world).map(({ name }) => name.replace(/,.*/, ''));
  t.deepEqual([...new Set(names)].sort(), catalogue.map((operation) => operation.name).sort());
  await folder.remove();
});
