/**
 * What a node does while the tables, the photographs or the queue are away (killed, or standing still with their
 * connections open), and after their return without a restart of its own.
 */
import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { io, type Socket } from 'socket.io-client';
import { limits } from '../../src/limits.ts';
import { type Answer, call, Person } from '../blackbox/api.ts';
import { Phone, type Reply } from '../blackbox/phone.ts';
import { whenNamed } from '../conformance/adapters.ts';
import { Engines } from '../support/engines.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { type RunningServer, startServer, temporaryFolder } from '../support/server-process.ts';
import { waitFor } from '../support/wait-for.ts';

/** For a machine that does other things too, beyond the product's own bounds. */
const SLACK_MS = 3_000;
/** Everything works again this long after an engine answers again. */
const RETURN_MS = 30_000;
const SETTLE_MS = 120_000;

type Manner = 'SIGSTOP' | 'SIGKILL';
type Part = 'store' | 'blobs' | 'queue';

interface Taken {
  readonly part: Part;
  readonly manner: Manner;
  comeBack(): Promise<void>;
}

interface Refusal {
  readonly code: string;
  readonly retryable: boolean;
}

class Scene {
  readonly engines: Engines;
  readonly server: RunningServer;
  readonly author: Person;
  readonly reader: Person;
  readonly phone: Phone;
  readonly socket: Socket;
  readonly folder: { remove(): Promise<void> };
  readonly disconnections: string[] = [];
  readonly received: string[] = [];

  private constructor(parts: Pick<Scene, 'engines' | 'server' | 'author' | 'reader' | 'phone' | 'socket' | 'folder'>) {
    this.engines = parts.engines;
    this.server = parts.server;
    this.author = parts.author;
    this.reader = parts.reader;
    this.phone = parts.phone;
    this.socket = parts.socket;
    this.folder = parts.folder;
    this.socket.on('disconnect', (reason) => this.disconnections.push(reason));
    this.socket.on('events', (batch: { events: { id: string }[] }, acknowledge: () => void) => {
      this.received.push(...batch.events.map((event) => event.id));
      acknowledge();
    });
  }

  static async open(): Promise<Scene> {
    const engines = await Engines.start();
    const folder = await temporaryFolder('store-away');
    const server = await startServer({ dataDir: folder.path, environment: engines.environment });
    const author = await Person.register(server.url, 'author');
    const reader = await Person.register(server.url, 'reader');
    await reader.follow(author);
    const phone = new Phone(reader, { device: 'native' });
    await phone.connect();
    const auth = { token: reader.accessToken, device: 'socketio' };
    const socket = io(server.url, { auth, transports: ['websocket'], reconnection: false, forceNew: true });
    const scene = new Scene({ engines, server, author, reader, phone, socket, folder });
    await new Promise((resolve) => socket.once('welcome', resolve));
    return scene;
  }

  async close(): Promise<void> {
    this.phone.cut();
    this.socket.disconnect();
    await this.server.end('SIGKILL');
    await this.engines.remove();
    await this.folder.remove();
  }

  async take(part: Part, manner: Manner): Promise<Taken> {
    const { cassandra, minio, redis } = this.engines;
    const engine = { store: cassandra, blobs: minio, queue: redis }[part];
    await engine.signal(manner);
    return { part, manner, comeBack: () => (manner === 'SIGSTOP' ? engine.signal('SIGCONT') : engine.run()) };
  }

  readiness(): Promise<Answer<{ ok: boolean; checks: Record<string, string> }>> {
    return call(`${this.server.url}/health/ready`, 'GET');
  }

  draft(key: string): Promise<Answer<Refusal & { postId: string; uploadUrl: string; uploads: { mediaId: string }[] }>> {
    return this.author.call('POST', '/v1/posts', { body: { caption: 'away' }, headers: { 'idempotency-key': key } });
  }

  feed(): Promise<Answer<{ posts: { id: string; caption: string; author: { username: string } }[] }>> {
    return this.reader.call('GET', '/v1/feed?limit=5');
  }

  /** A post that is published and reaches both phones, which have stayed connected. */
  async postArrives(): Promise<string> {
    const postId = await this.author.post('arrives', await smallPhotograph(1));
    const id = `post.new:${postId}`;
    await waitFor(`${id} on the native phone`, () => this.phone.ids().includes(id), SETTLE_MS);
    await waitFor(`${id} on the socket.io phone`, () => this.received.includes(id), SETTLE_MS);
    await waitFor('all renditions', () => this.phone.ids().includes(`media.ready:${postId}`), SETTLE_MS);
    return postId;
  }
}

async function timed<Value>(work: Promise<Value>): Promise<{ value: Value; tookMs: number }> {
  const began = performance.now();
  const value = await work;
  return { value, tookMs: Math.round(performance.now() - began) };
}

function refusedByRest(t: ExecutionContext, answer: Answer<Refusal>): void {
  t.true([503, 504].includes(answer.status), `${answer.status} ${JSON.stringify(answer.body)}`);
  t.regex(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
  t.true(answer.body.retryable);
}

function refusedByMessage(t: ExecutionContext, reply: Reply): void {
  t.false(reply.ok);
  t.true(reply.error?.retryable, JSON.stringify(reply));
}

/** Both phones have stayed, and are answered. The feed that was read before is still served. */
async function servesOn(t: ExecutionContext, scene: Scene, expected: readonly string[]): Promise<number> {
  const { value: page, tookMs } = await timed(scene.feed());
  t.is(page.status, 200, JSON.stringify(page.body));
  t.deepEqual(
    page.body.posts.map((post) => post.id),
    expected,
  );
  const native = await scene.phone.operate('feed.read', { limit: 5 });
  t.true(native.ok, JSON.stringify(native));
  const viaSocketIo = (await scene.socket.emitWithAck('feed.read', { limit: 5 })) as Reply;
  t.true(viaSocketIo.ok, JSON.stringify(viaSocketIo));
  t.is((await call(`${scene.server.url}/health/live`, 'GET')).status, 200);
  staysConnected(t, scene);
  return tookMs;
}

function staysConnected(t: ExecutionContext, scene: Scene): void {
  t.true(scene.phone.connected);
  t.deepEqual(scene.phone.modes, ['fresh']);
  t.deepEqual(scene.phone.complaints, []);
  t.deepEqual(scene.disconnections, []);
  t.true(scene.socket.connected);
}

async function readyNames(
  t: ExecutionContext,
  scene: Scene,
  parts: readonly Part[] | readonly string[],
): Promise<number> {
  const { tookMs } = await timed(
    waitFor(`readiness to name ${parts.join(' and ')}`, async () => {
      const { value, tookMs: answeredMs } = await timed(scene.readiness());
      t.true(answeredMs <= limits.readinessMs + SLACK_MS, `readiness took ${answeredMs} ms`);
      return value.status === 503 && parts.every((part) => value.body.checks[part] === 'away');
    }),
  );
  return tookMs;
}

async function readyAgain(scene: Scene): Promise<number> {
  const { tookMs } = await timed(waitFor('readiness', async () => (await scene.readiness()).status === 200, RETURN_MS));
  return tookMs;
}

async function tablesAway(t: ExecutionContext, scene: Scene, manner: Manner): Promise<void> {
  const newest = await scene.postArrives();
  const shown = (await scene.feed()).body.posts.map((post) => post.id);
  t.is(shown[0], newest);
  const taken = await scene.take('store', manner);
  const key = randomUUID();
  const boundMs = limits.commandTimeoutMs + SLACK_MS;
  // At the worst moment: nobody has noticed yet.
  const [rest, like, feedMs, noticedMs] = await Promise.all([
    timed(scene.draft(key)),
    timed(scene.phone.operate('post.like', { postId: newest })),
    servesOn(t, scene, shown),
    readyNames(t, scene, ['store']),
  ]);
  refusedByRest(t, rest.value);
  refusedByMessage(t, like.value);
  t.true(rest.tookMs <= boundMs, `refused after ${rest.tookMs} ms`);
  t.true(like.tookMs <= boundMs, `refused after ${like.tookMs} ms`);
  t.true(feedMs <= boundMs, `the feed took ${feedMs} ms`);
  // Long enough that what this node knows of revocations is old: it has no more ids to give out either.
  await readyNames(t, scene, ['store', 'ids']);
  const later = await timed(scene.draft(key));
  refusedByRest(t, later.value);
  refusedByMessage(t, await scene.phone.operate('post.create', { caption: 'refused' }, key));
  refusedByMessage(t, (await scene.socket.emitWithAck('post.like', { postId: newest })) as Reply);
  const hotMs = await servesOn(t, scene, shown);
  t.true(later.tookMs <= SLACK_MS, `known to be away, and yet refused after ${later.tookMs} ms`);
  t.true(hotMs <= SLACK_MS, `known to be away, and yet the feed took ${hotMs} ms`);

  await taken.comeBack();
  const backMs = await readyAgain(scene);
  t.is((await scene.draft(key)).status, 201);
  t.true((await scene.phone.operate('post.like', { postId: newest })).ok);
  await scene.postArrives();
  staysConnected(t, scene);
  t.log({
    manner,
    restMs: rest.tookMs,
    messageMs: like.tookMs,
    feedMs,
    noticedMs,
    laterMs: later.tookMs,
    hotMs,
    backMs,
  });
}

async function photographsAway(t: ExecutionContext, scene: Scene, manner: Manner): Promise<void> {
  const newest = await scene.postArrives();
  const shown = (await scene.feed()).body.posts.map((post) => post.id);
  const taken = await scene.take('blobs', manner);
  // Words go to the tables: only bytes need the photographs' store.
  const draft = await scene.draft(randomUUID());
  t.is(draft.status, 201);
  const { uploadUrl, uploads } = draft.body;
  const send = async () =>
    call<Refusal>(uploadUrl, 'PUT', { raw: await smallPhotograph(2), headers: { 'content-type': 'image/jpeg' } });
  const complete = scene.author.call<Refusal>('POST', `/v1/uploads/${uploads[0]?.mediaId}/complete`);
  const authorsPhone = new Phone(scene.author);
  await authorsPhone.connect();
  const [put, completed, byMessage, feedMs, noticedMs] = await Promise.all([
    timed(send()),
    complete,
    timed(authorsPhone.operate('upload.complete', { mediaId: uploads[0]?.mediaId })),
    servesOn(t, scene, shown),
    readyNames(t, scene, ['blobs']),
  ]);
  const boundMs = limits.s3AnswerTimeoutMs + SLACK_MS;
  refusedByRest(t, put.value);
  refusedByRest(t, completed);
  refusedByMessage(t, byMessage.value);
  t.true(put.tookMs <= boundMs, `refused after ${put.tookMs} ms`);
  t.true(byMessage.tookMs <= boundMs, `refused after ${byMessage.tookMs} ms`);
  t.true((await scene.phone.operate('post.like', { postId: newest })).ok);
  authorsPhone.cut();

  await taken.comeBack();
  const backMs = await readyAgain(scene);
  t.is((await send()).status, 204);
  const id = `post.new:${draft.body.postId}`;
  await waitFor('the post that could not be sent before', () => scene.phone.ids().includes(id), SETTLE_MS);
  await scene.postArrives();
  staysConnected(t, scene);
  t.log({ manner, restMs: put.tookMs, messageMs: byMessage.tookMs, feedMs, noticedMs, backMs });
}

async function queueAway(t: ExecutionContext, scene: Scene, manner: Manner): Promise<void> {
  const newest = await scene.postArrives();
  const shown = (await scene.feed()).body.posts.map((post) => post.id);
  const taken = await scene.take('queue', manner);
  // What is to be done later stands in the tables, so nothing is refused.
  const [posted, liked, feedMs, noticedMs] = await Promise.all([
    timed(scene.author.post('while the queue is away', await smallPhotograph(3))),
    timed(scene.phone.operate('post.like', { postId: newest })),
    servesOn(t, scene, shown),
    readyNames(t, scene, ['queue']),
  ]);
  t.true(liked.value.ok);
  t.true(posted.tookMs <= SLACK_MS, `accepted after ${posted.tookMs} ms`);
  t.is((await call(`${scene.server.url}/metrics`, 'GET')).status, 200);

  await taken.comeBack();
  const backMs = await readyAgain(scene);
  const id = `post.new:${posted.value}`;
  const { tookMs: liveMs } = await timed(
    waitFor('the post from before', () => scene.phone.ids().includes(id), SETTLE_MS),
  );
  await scene.postArrives();
  staysConnected(t, scene);
  t.log({ manner, acceptedMs: posted.tookMs, feedMs, noticedMs, backMs, liveMs });
}

whenNamed(['cql', 's3', 'bullmq'], () => {
  test('while a store is away: writes are refused in time, sessions stay, hot feeds are served, readiness says so', async (t) => {
    t.timeout(600_000);
    const scene = await Scene.open();
    t.teardown(() => scene.close());
    for (const manner of ['SIGSTOP', 'SIGKILL'] as const) {
      t.log('tables');
      await tablesAway(t, scene, manner);
      t.log('photographs');
      await photographsAway(t, scene, manner);
      t.log('queue');
      await queueAway(t, scene, manner);
    }
  });
});
