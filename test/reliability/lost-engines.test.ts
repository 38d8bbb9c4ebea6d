import { execFile } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';
import { type Installation, openInstallation } from '../../src/compose/maintenance.ts';
import { systemClock } from '../../src/clock.ts';
import { readConfig } from '../../src/config.ts';
import { silentLogger } from '../../src/log.ts';
import { BlobReconciler } from '../../src/media/blob-reconciler.ts';
import { inParallel } from '../../src/parallel.ts';
import { outbox, outboxParked } from '../../src/storage/tables/operations.ts';
import type { Post } from '../blackbox/api.ts';
import type { Phone } from '../blackbox/phone.ts';
import { whenNamed } from '../conformance/adapters.ts';
import { waitFor } from '../support/wait-for.ts';
import { LostEnginesWorld, type Strike } from './lost-engines-world.ts';

const KILLS = Number(process.env['KILLS'] ?? (process.env['SOAK'] === undefined ? 20 : 200));
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
/** Of what follows from a post, after the last return. */
const SETTLE_MS = 120_000;
const ABSENCE_MS_MAX = 1_500;
/** 1080, 640, 320 and 150 pixels, as WebP and as JPEG. */
const RENDITIONS = 8;
/** A feed ends after 800 entries. */
const FEED_POSTS = 700;
const CYCLE: Readonly<Record<Strike, number>> = { flush: 4, redis: 4, worker: 4, minio: 4, cassandra: 3, node: 1 };

/** mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Each cycle of twenty holds every strike as often as `CYCLE` says, in an order of its own. */
function plan(count: number, random: () => number): Strike[] {
  const strikes: Strike[] = [];
  while (strikes.length < count) {
    const cycle = (Object.keys(CYCLE) as Strike[]).flatMap((strike) =>
      Array.from({ length: CYCLE[strike] }, () => ({ strike, at: random() })),
    );
    strikes.push(...cycle.toSorted((left, right) => left.at - right.at).map(({ strike }) => strike));
  }
  return strikes.slice(0, count);
}

/** Acknowledged posts that the phone was not told of, or of which it was not told that all renditions are there. */
function missing(world: LostEnginesWorld, phone: Phone): { posts: string[]; renditions: string[] } {
  const told = new Set(phone.ids('post.new'));
  // Published only once everything was made, a post is complete as it comes, and no more is said of it.
  const complete = phone.applied.filter((event) => (event.data as Partial<Post>).uploadStatus === 'complete');
  const whole = new Set(complete.map((event) => (event.data as Post).id));
  return {
    posts: world.acknowledged.filter((id) => !told.has(`post.new:${id}`)),
    renditions: world.acknowledged.filter((id) => !whole.has(id)),
  };
}

/** Resolves to how long the feed took to hold what the phone had heard of already. */
async function reachedOnce(t: ExecutionContext, world: LostEnginesWorld, phone: Phone): Promise<number> {
  const isThere = (): boolean => Object.values(missing(world, phone)).every((ids) => ids.length === 0);
  await waitFor('every acknowledged post on a phone', isThere, SETTLE_MS).catch(() => undefined);
  t.deepEqual(missing(world, phone), { posts: [], renditions: [] }, world.output());
  await phone.settled();
  const ids = phone.ids();
  t.is(new Set(ids).size, ids.length, 'no event came twice');
  t.deepEqual(phone.complaints, []);
  t.is(phone.resets, 0);
  // A phone may hear of a post before its row is in the timeline, which a long feed is read from.
  const inFeed = async (): Promise<string[]> => (await phone.person.wholeFeed()).map((post) => post.id);
  const lacking = async (): Promise<string[]> => {
    const feed = new Set(await inFeed());
    return world.acknowledged.slice(-FEED_POSTS).filter((id) => !feed.has(id));
  };
  const heardAtMs = performance.now();
  await waitFor('every post in the feed', async () => (await lacking()).length === 0, SETTLE_MS).catch(() => undefined);
  const feedBehindMs = Math.round(performance.now() - heardAtMs);
  t.deepEqual(await lacking(), [], 'no acknowledged post is missing from the feed');
  const feed = await inFeed();
  t.is(new Set(feed).size, feed.length, 'no post stands twice in the feed');
  return feedBehindMs;
}

/** Every rendition of every acknowledged post can be fetched. Resolves to how many. */
async function fetchRenditions(t: ExecutionContext, world: LostEnginesWorld): Promise<number> {
  const reader = world.phones[0]?.person;
  const counts = await inParallel(world.acknowledged, 16, async (id) => {
    const post = await reader?.expect<Post>(200, 'GET', `/v1/posts/${id}`);
    t.is(post?.uploadStatus, 'complete', id);
    const sources = post?.photos.flatMap((photo) => photo.sources) ?? [];
    t.is(sources.length, RENDITIONS, id);
    for (const { url } of sources) {
      const response = await fetch(url);
      const bytes = (await response.arrayBuffer()).byteLength;
      t.true(response.status === 200 && bytes > 0, `${url} answered ${response.status} with ${bytes} bytes`);
    }
    return sources.length;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

/** `npm run fsck -- --dry-run` with the node's environment, as lines. */
async function fsck(environment: Readonly<Record<string, string>>): Promise<{ code: number; output: string }> {
  const args = ['--disable-warning=ExperimentalWarning', 'scripts/fsck.ts', '--dry-run'];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: { ...process.env, ...environment } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

/**
 * What fsck leaves alone while servers may be running: blobs that are too young to be called orphans. With the servers
 * stopped none is too young.
 */
async function inspect({ store, blobs }: Installation) {
  const reconciler = new BlobReconciler({ store, blobs, clock: systemClock, log: silentLogger });
  const report = await reconciler.reconcile({ dryRun: true, graceMs: 0 });
  const parked = await Array.fromAsync(store.scan(outboxParked));
  return { ...report, parked: parked.map(({ consumer, reason }) => `${consumer}: ${reason}`) };
}

whenNamed(['cql', 's3', 'bullmq'], () => {
  test(`after ${KILLS} kills of Redis, MinIO, Cassandra, worker and node, nothing acknowledged is lost`, async (t) => {
    t.timeout(3_600_000);
    t.log({ seed: SEED });
    const random = seeded(SEED);
    const world = await LostEnginesWorld.open();
    t.teardown(() => world.close());
    const strikes = plan(KILLS, random);
    for (const strike of strikes) {
      await world.more(3);
      await world.strike(strike, random() * ABSENCE_MS_MAX);
    }
    const returnedAtMs = performance.now();
    await world.more(1);
    await world.stopPosting();

    const feedsBehindMs = await Promise.all(world.phones.map((phone) => reachedOnce(t, world, phone)));
    const basics = { config: readConfig(world.environment), clock: systemClock, log: silentLogger };
    const installation = await openInstallation(basics, { mayBeNew: false });
    const waiting = async (): Promise<number> => (await Array.fromAsync(installation.store.scan(outbox))).length;
    await waitFor('an empty outbox', async () => (await waiting()) === 0, SETTLE_MS);
    const settledMs = Math.round(performance.now() - returnedAtMs);
    t.true(settledMs <= SETTLE_MS, `settled after ${settledMs} ms`);
    const renditions = await fetchRenditions(t, world);
    const checked = await fsck(world.environment);
    await world.stopServers();
    const found = await inspect(installation);
    t.is(await waiting(), 0);
    await installation.close();
    const { refused, killedInTheMiddle } = world;
    t.log({ strikes: strikes.join(' '), killedInTheMiddle });
    t.log({ acknowledged: world.acknowledged.length, refused, settledMs, feedsBehindMs, renditions, ...found });
    t.log(checked.output.trim().split('\n'));
    t.regex(checked.output, /^ok {3}orphan-blob: 0 /m);
    t.regex(checked.output, /^ok {3}dangling-reference: 0 /m);
    t.is(checked.code, 0, checked.output);
    t.like(found, { orphans: 0, dangling: 0, parked: [] });
    t.true(world.acknowledged.length >= 3 * KILLS, 'there was something to lose');
  });
});
