import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import { limits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/log.ts';
import { EmbeddedJobQueue } from '../../../src/media/embedded/embedded-job-queue.ts';
import { type Job, Unretryable } from '../../../src/media/job-queue.ts';
import { ManualClock, settlePromises } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { startJobs } from './job-process.ts';

const TICK_MS = limits.jobWriteBehindMs;

/** Whether a promise has resolved, or with which words it was rejected. */
function fate(promise: Promise<void>): { now: string } {
  const state = { now: 'pending' };
  promise.then(
    () => (state.now = 'resolved'),
    (error: unknown) => (state.now = error instanceof Error ? error.message : String(error)),
  );
  return state;
}

/** A handler that waits for its jobs to be let go, and what it was given. */
function gate() {
  const ran: Job[] = [];
  const releases: (() => void)[] = [];
  const handler = (job: Job): Promise<void> => {
    ran.push(job);
    return new Promise((resolve) => releases.push(resolve));
  };
  const release = (): void => releases.splice(0).forEach((resolve) => resolve());
  return { ran, handler, release };
}

test('a job that ends within a tick never touches the file, and its add resolves with its end', async (t) => {
  const at = await startJobs();
  const { ran, handler, release } = gate();
  at.queue.work('media', handler, { concurrency: 1 });
  const bytes = async (): Promise<Buffer[]> => [await readFile(at.path), await readFile(`${at.path}-wal`)];
  const before = await bytes();
  const added = fate(at.queue.add('media', 'a', { kept: true }, { delayMs: 20 }));
  await at.clock.advanceAsync(20);
  t.is(ran.length, 1);
  await at.clock.advanceAsync(TICK_MS - 20);
  t.is(added.now, 'pending');
  release();
  await settlePromises();
  t.is(added.now, 'resolved');
  await at.clock.advanceAsync(5 * TICK_MS);
  t.deepEqual(await bytes(), before);
  t.is(at.clock.timerCount, 0, 'nothing is waited for');
  await at.dispose();
});

test('an add that resolved survives a kill, also of a job under way; before that the file knows nothing', async (t) => {
  const at = await startJobs();
  const { handler } = gate();
  at.queue.work('media', handler, { concurrency: 1 });
  const added = [fate(at.queue.add('media', 'active', { n: 1 })), fate(at.queue.add('media', 'waiting', { n: 2 }))];
  await at.clock.advanceAsync(2 * TICK_MS);
  t.deepEqual(added, [{ now: 'resolved' }, { now: 'resolved' }]);
  const late = fate(at.queue.add('media', 'late', {}));
  await at.clock.advanceAsync(TICK_MS / 2);
  t.is(late.now, 'pending');
  const next = await at.killed();
  const { ran, handler: second, release } = gate();
  next.queue.work('media', second, { concurrency: 9 });
  await settlePromises();
  t.deepEqual(ran, [
    { key: 'active', data: { n: 1 }, attempt: 1 },
    { key: 'waiting', data: { n: 2 }, attempt: 1 },
  ]);
  release();
  await next.dispose();
});

test('the row of a job that ended is gone a tick later', async (t) => {
  const at = await startJobs();
  const { handler, release } = gate();
  at.queue.work('media', handler, { concurrency: 1 });
  await Promise.all([at.queue.add('media', 'a', {}), at.clock.advanceAsync(2 * TICK_MS)]);
  release();
  await at.clock.advanceAsync(TICK_MS);
  const next = await at.killed();
  t.is(await next.queue.depth('media'), 0);
  await next.dispose();
});

test('pauses, failures and order survive a kill', async (t) => {
  const at = await startJobs();
  at.queue.work('media', () => Promise.reject(new Error('no luck')), { concurrency: 1 });
  const adds = [
    at.queue.add('media', 'failed', {}),
    at.queue.add('notifications', 'background', {}, { priority: 'background' }),
    at.queue.add('notifications', 'delayed', {}, { delayMs: 60_000 }),
    at.queue.add('notifications', 'first', {}),
    at.queue.add('notifications', 'second', {}),
  ];
  await Promise.all([...adds, at.clock.advanceAsync(limits.jobBackoffBaseMs + 2 * TICK_MS)]);
  const next = await at.killed();
  const media = gate();
  const others = gate();
  next.queue.work('media', media.handler, { concurrency: 1 });
  next.queue.work('notifications', others.handler, { concurrency: 9 });
  await settlePromises();
  t.deepEqual(media.ran, [], 'its pause is not over');
  await next.clock.advanceAsync(2 * limits.jobBackoffBaseMs);
  t.deepEqual(media.ran, [{ key: 'failed', data: {}, attempt: 3 }]);
  const keys = (): string[] => others.ran.map((job) => job.key);
  t.deepEqual(keys(), ['first', 'second', 'background']);
  await next.clock.advanceAsync(60_000);
  t.deepEqual(keys(), ['first', 'second', 'background', 'delayed']);
  media.release();
  others.release();
  await next.dispose();
});

test('many are written at once, and whoever adds them waits for no time', async (t) => {
  const at = await startJobs();
  const adds = Array.from({ length: 5_000 }, (_, index) => at.queue.add('media', `${index}`, {}));
  const fates = adds.map(fate);
  for (let turn = 0; turn < 3; turn++) await settlePromises();
  t.true(fates.filter(({ now }) => now === 'pending').length <= limits.jobsUnwrittenMax);
  await at.clock.advanceAsync(2 * TICK_MS);
  t.true(fates.every(({ now }) => now === 'resolved'));
  const next = await at.killed();
  t.is(await next.queue.depth('media'), 5_000);
  await next.dispose();
});

test('a key that comes again while the row of its last run stands is a job of its own', async (t) => {
  const at = await startJobs();
  const { handler, release } = gate();
  at.queue.work('media', handler, { concurrency: 1 });
  await Promise.all([at.queue.add('media', 'a', { run: 1 }), at.clock.advanceAsync(2 * TICK_MS)]);
  release();
  await settlePromises();
  await Promise.all([at.queue.add('media', 'a', { run: 2 }), at.clock.advanceAsync(2 * TICK_MS)]);
  const next = await at.killed();
  const second = gate();
  next.queue.work('media', second.handler, { concurrency: 9 });
  await settlePromises();
  t.deepEqual(second.ran, [{ key: 'a', data: { run: 2 }, attempt: 1 }]);
  second.release();
  await next.dispose();
});

test('while the file cannot be written, adds are refused, what runs goes on, and nothing that was promised is lost', async (t) => {
  const at = await startJobs();
  const { ran, handler, release } = gate();
  at.queue.work('media', handler, { concurrency: 2 });
  await Promise.all([at.queue.add('media', 'promised', {}), at.clock.advanceAsync(2 * TICK_MS)]);
  at.broken = true;
  const running = fate(at.queue.add('media', 'running', {}));
  const waiting = fate(at.queue.add('media', 'waiting', {}));
  const again = fate(at.queue.add('media', 'waiting', {}));
  await at.clock.advanceAsync(2 * TICK_MS);
  t.deepEqual(
    [running, waiting, again].map(({ now }) => now.split(':')[0]),
    ['unavailable', 'unavailable', 'unavailable'],
  );
  t.deepEqual(
    ran.map((job) => job.key),
    ['promised', 'running'],
  );
  t.is(await at.queue.depth('media'), 2, 'who waited is as if never added');
  release();
  await at.clock.advanceAsync(10 * limits.jobBackoffBaseMs);
  t.is(await at.queue.depth('media'), 0);
  at.broken = false;
  await at.clock.advanceAsync(limits.jobBackoffBaseMs);
  const next = await at.killed();
  t.is(await next.queue.depth('media'), 0, 'the end was tried again');
  await next.dispose();
});

test('a job that is given up on while the file cannot be written is parked as soon as it can', async (t) => {
  const at = await startJobs();
  at.queue.work('media', () => Promise.reject(new Unretryable('never')), { concurrency: 1 });
  at.broken = true;
  const added = fate(at.queue.add('media', 'a', { kept: true }));
  await settlePromises();
  t.regex(added.now, /^unavailable/);
  t.deepEqual(await at.queue.parked('media', 9), []);
  at.broken = false;
  await at.clock.advanceAsync(limits.jobBackoffBaseMs);
  const next = await at.killed();
  t.like((await next.queue.parked('media', 9))[0], { key: 'a', data: { kept: true }, reason: 'never' });
  await next.dispose();
});

test('a parked job that is put back, or added again, is never in two places nor in none', async (t) => {
  const at = await startJobs();
  const worker = at.queue.work('media', () => Promise.reject(new Unretryable('never')), { concurrency: 2 });
  await Promise.all([at.queue.add('media', 'a', {}), at.queue.add('media', 'b', {})]);
  await worker.close();
  t.is((await at.queue.parked('media', 9)).length, 2);
  at.broken = true;
  await t.throwsAsync(at.queue.retryParked('media', 'a'), { message: /^unavailable/ });
  await t.throwsAsync(at.queue.add('media', 'b', {}), { message: /^unavailable/ });
  t.is((await at.queue.parked('media', 9)).length, 2);
  t.is(await at.queue.depth('media'), 0);
  at.broken = false;
  t.true(await at.queue.retryParked('media', 'a'));
  await at.queue.add('media', 'b', {});
  const next = await at.killed();
  t.deepEqual(await next.queue.parked('media', 9), []);
  t.is(await next.queue.depth('media'), 2);
  await next.dispose();
});

test('a file that exists already is locked, too', async (t) => {
  const at = await startJobs();
  await at.queue.close();
  const options = { path: at.path, clock: at.clock, log: silentLogger };
  const queue = await EmbeddedJobQueue.open(options);
  await t.throwsAsync(EmbeddedJobQueue.open(options), { message: /locked/ });
  await queue.close();
  await at.folder.remove();
});

test('a file of the first version is taken over with its jobs, whoever was under way', async (t) => {
  const folder = await temporaryFolder();
  const path = `${folder.path}/jobs.sqlite`;
  const database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE jobs (sequence INTEGER PRIMARY KEY, queue TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL,
      priority INTEGER NOT NULL, state TEXT NOT NULL, dueAtMs INTEGER NOT NULL, failures INTEGER NOT NULL, UNIQUE (queue, key)) STRICT;
    CREATE INDEX jobsReady ON jobs (queue, priority, sequence) WHERE state = 'ready';
    CREATE INDEX jobsDelayed ON jobs (queue, dueAtMs) WHERE state = 'delayed';
    CREATE TABLE parked (queue TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL, reason TEXT NOT NULL,
      attempts INTEGER NOT NULL, parkedAtMs INTEGER NOT NULL, PRIMARY KEY (queue, key)) STRICT, WITHOUT ROWID;
    INSERT INTO jobs VALUES (3, 'media', 'active', '{"n":1}', 0, 'active', 900000, 0), (4, 'media', 'ready', '{"n":2}', 0, 'ready', 900000, 0),
      (7, 'media', 'delayed', '{"n":3}', 0, 'delayed', 5000, 2);
    INSERT INTO parked VALUES ('media', 'parked', '{}', 'bad', 1, 1000);
    PRAGMA user_version = 1;
  `);
  database.close();
  const clock = new ManualClock({ startMs: 1_000 });
  const queue = await EmbeddedJobQueue.open({ path, clock, log: silentLogger });
  const { ran, handler, release } = gate();
  queue.work('media', handler, { concurrency: 9 });
  await settlePromises();
  t.deepEqual(
    ran.map((job) => job.key),
    ['active', 'ready'],
  );
  await clock.advanceAsync(4_000);
  t.deepEqual(ran[2], { key: 'delayed', data: { n: 3 }, attempt: 3 });
  t.is((await queue.parked('media', 9)).length, 1);
  release();
  await queue.close();
  await folder.remove();
});
