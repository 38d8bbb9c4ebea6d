import test from 'ava';
import { Client } from '../../sdk/client.ts';
import { ProblemError } from '../../sdk/problem.ts';
import { memoryStorage, type TextStorage, webStorage } from '../../sdk/storage.ts';
import { type Asked, problem, scriptedFetch, signedIn } from '../support/scripted-fetch.ts';
import { VirtualPlatform } from '../support/virtual-platform.ts';

type Answers = Parameters<typeof scriptedFetch>[0];

function setUp(answers: Answers, tokenStorage: TextStorage = memoryStorage()) {
  const platform = new VirtualPlatform();
  const script = scriptedFetch(answers);
  platform.fetch = script.fetch;
  const client = new Client({ url: 'https://example.test/', platform, tokenStorage, device: 'd' });
  return { platform, client, asked: script.asked };
}

/** Runs time until the promise has settled. */
async function settled<Result>(platform: VirtualPlatform, promise: Promise<Result>): Promise<Result> {
  const state = { over: false };
  const finish = (): void => {
    state.over = true;
  };
  promise.then(finish, finish);
  while (!state.over) await platform.run(500);
  return promise;
}

const paths = (asked: readonly Asked[]): string[] => asked.map(({ method, path }) => `${method} ${path}`);

test('a creating call is repeated with the same idempotency key until it is answered', async (t) => {
  const { platform, client, asked } = setUp(({ path }, count) => {
    if (path === '/v1/login') return signedIn();
    if (count === 2) return 'lost';
    if (count === 3) return problem('overloaded', 503, { retryable: true, retryAfterMs: 2000 });
    return { status: 201, body: { id: 'c1' } };
  });
  await settled(platform, client.login('ada', 'secret'));
  const comment = await settled(platform, client.comment('p1', { text: 'hello' }));
  t.is(comment.id, 'c1');
  const keys = asked.slice(1).map(({ headers }) => headers['idempotency-key']);
  t.is(keys.length, 3);
  t.is(new Set(keys).size, 1);
  t.truthy(keys[0]);
  t.is(asked[1]?.headers['authorization'], 'Bearer access-1');
});

test('what cannot help to repeat is not repeated, and says which field is wrong', async (t) => {
  const { platform, client, asked } = setUp(() => ({
    status: 409,
    body: { ...problem('username-taken', 409).body, errors: [{ field: 'username', reason: 'taken' }] },
  }));
  const refused = settled(platform, client.register({ username: 'ada', email: 'a@b.c', password: 'long enough' }));
  const error = await t.throwsAsync(refused, { instanceOf: ProblemError });
  t.is(error.code, 'username-taken');
  t.deepEqual(error.fields, [{ field: 'username', reason: 'taken' }]);
  t.is(asked.length, 1);
});

test('a registration whose answer was lost is not sent again by itself', async (t) => {
  const { platform, client, asked } = setUp(() => 'lost');
  const lost = settled(platform, client.register({ username: 'ada', email: 'a@b.c', password: 'long enough' }));
  const error = await t.throwsAsync(lost, { instanceOf: ProblemError });
  t.is(error.code, 'network');
  t.is(asked.length, 1);
});

test('it gives up after four tries', async (t) => {
  const { platform, client, asked } = setUp(() => 'lost');
  await t.throwsAsync(settled(platform, client.userByName('ada')), { message: /network/ });
  t.is(asked.length, 4);
});

test('many calls that meet an expired token refresh it once', async (t) => {
  const { platform, client, asked } = setUp(({ path }, count) => {
    if (path === '/v1/login') return signedIn(1, 1);
    if (path === '/v1/refresh') return signedIn(2);
    return { status: 200, body: { count } };
  });
  await settled(platform, client.login('ada', 'secret'));
  await platform.run(2000);
  await settled(platform, Promise.all([client.me(), client.feed(), client.notifications()]));
  t.is(paths(asked).filter((path) => path === 'POST /v1/refresh').length, 1);
  t.true(asked.slice(2).every(({ headers }) => headers['authorization'] === 'Bearer access-2'));
});

test('a token that the server no longer takes is replaced once, and the call goes through', async (t) => {
  const { platform, client, asked } = setUp(({ path, headers }) => {
    if (path === '/v1/login') return signedIn(1);
    if (path === '/v1/refresh') return signedIn(2);
    return headers['authorization'] === 'Bearer access-2' ? { status: 200, body: {} } : problem('unauthenticated', 401);
  });
  await settled(platform, client.login('ada', 'secret'));
  await settled(platform, client.me());
  t.deepEqual(paths(asked), ['POST /v1/login', 'GET /v1/me', 'POST /v1/refresh', 'GET /v1/me']);
});

test('a refused refresh signs out; a lost one does not', async (t) => {
  let refresh: 'lost' | ReturnType<typeof problem> = 'lost';
  const { platform, client } = setUp(({ path }) => (path === '/v1/login' ? signedIn(1, 1) : refresh));
  await settled(platform, client.login('ada', 'secret'));
  await platform.run(2000);
  await t.throwsAsync(settled(platform, client.me()), { message: /network/ });
  t.not(client.account, null);
  refresh = problem('session-revoked', 401);
  const told: unknown[] = [];
  client.tokens.onChange((account) => told.push(account));
  await t.throwsAsync(settled(platform, client.me()), { message: /signed-out/ });
  t.is(client.account, null);
  t.deepEqual(told, [null]);
});

test('two windows with one storage refresh once between them', async (t) => {
  const storage = memoryStorage();
  const answers: Answers = ({ path }) => {
    if (path === '/v1/login') return signedIn(1, 1);
    return path === '/v1/refresh' ? signedIn(2) : { status: 200, body: {} };
  };
  const first = setUp(answers, storage);
  await settled(first.platform, first.client.login('ada', 'secret'));
  const second = setUp(answers, storage);
  await first.platform.run(2000);
  await second.platform.run(2000);
  await settled(first.platform, first.client.me());
  await settled(second.platform, second.client.me());
  t.is([...first.asked, ...second.asked].filter(({ path }) => path === '/v1/refresh').length, 1);
  t.is(second.client.account?.accessToken, 'access-2');
});

test('signing out elsewhere signs out here', async (t) => {
  const storage = memoryStorage();
  const { platform, client } = setUp(() => signedIn(), storage);
  await settled(platform, client.login('ada', 'secret'));
  storage.write(null);
  client.tokens.reread();
  t.is(client.account, null);
});

test('a storage that throws only forgets', (t) => {
  const refuse = (): never => {
    throw new Error('quota');
  };
  const storage = webStorage({ getItem: refuse, setItem: refuse, removeItem: refuse }, 'key');
  storage.write('text');
  t.is(storage.read(), null);
});

test('publishing creates the draft, then sends each photo to its own place', async (t) => {
  const uploads = [1, 2].map((number) => ({
    mediaId: `m${number}`,
    uploadUrl: `https://media.test/v1/uploads/m${number}?sig=x`,
    headers: { 'content-type': 'image/jpeg' },
  }));
  const { platform, client, asked } = setUp(({ path }, count) => {
    if (path === '/v1/login') return signedIn();
    if (path === '/v1/posts') return { status: 201, body: { postId: 'p1', uploadUrl: uploads[0]?.uploadUrl, uploads } };
    return count === 3 ? 'lost' : { status: 204 };
  });
  await settled(platform, client.login('ada', 'secret'));
  const parts: number[] = [];
  const photos = [1, 2].map((number) => ({ bytes: Uint8Array.of(number), contentType: 'image/jpeg' }));
  const publishing = client.publish({ caption: 'two', photos }, { onProgress: (part) => parts.push(part) });
  const created = await settled(platform, publishing);
  t.is(created.postId, 'p1');
  t.deepEqual(paths(asked.slice(2)), [
    'PUT /v1/uploads/m1?sig=x',
    'PUT /v1/uploads/m1?sig=x',
    'PUT /v1/uploads/m2?sig=x',
  ]);
  t.is(asked[2]?.headers['content-type'], 'image/jpeg');
  t.is(asked[2]?.headers['authorization'], undefined);
  t.is(parts.at(-1), 1);
});

test('an upload that the server refuses is not repeated', async (t) => {
  const { platform, client, asked } = setUp(() => problem('unsupported-media', 415));
  const slot = { uploadUrl: 'https://media.test/v1/uploads/m1', headers: {} };
  await t.throwsAsync(settled(platform, client.upload(slot, Uint8Array.of(1))), { message: /unsupported-media/ });
  t.is(asked.length, 1);
});

test('a stopped upload stops', async (t) => {
  const { platform, client, asked } = setUp(() => 'lost');
  const slot = { uploadUrl: 'https://media.test/v1/uploads/m1', headers: {} };
  const stopped = client.upload(slot, Uint8Array.of(1), { signal: AbortSignal.abort() });
  await t.throwsAsync(settled(platform, stopped), { message: /aborted/ });
  t.is(asked.length, 0);
});

test('posts that are held are revalidated in batches of a hundred', async (t) => {
  const { platform, client, asked } = setUp(({ path }) =>
    path === '/v1/login' ? signedIn() : { status: 200, body: { changed: [], gone: ['x'] } },
  );
  await settled(platform, client.login('ada', 'secret'));
  const held = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`p${index}`, 1]));
  const { gone } = await settled(platform, client.revalidate(held));
  t.is(asked.length, 1 + 3);
  t.is(gone.length, 3);
});

test('an answer that is no problem document is reported as such', async (t) => {
  const { platform, client } = setUp(() => ({ status: 418, body: '<html>' }));
  await t.throwsAsync(settled(platform, client.userByName('ada')), { message: /bad-answer/ });
});

test('logging out forgets the tokens even when the server cannot be reached', async (t) => {
  const { platform, client } = setUp(({ path }) => (path === '/v1/login' ? signedIn() : 'lost'));
  await settled(platform, client.login('ada', 'secret'));
  await settled(platform, client.logout());
  t.is(client.account, null);
});
