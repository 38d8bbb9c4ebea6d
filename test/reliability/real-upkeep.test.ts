/** The operator's commands on Cassandra and S3: damage is told and mended, a backup beside a busy server is whole. */
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openInstallation } from '../../src/compose/maintenance.ts';
import { limits } from '../../src/limits.ts';
import { FINDING_KINDS } from '../../src/maintenance/fsck/check.ts';
import { Person, type Post } from '../blackbox/api.ts';
import { whenNamed } from '../conformance/adapters.ts';
import { DAMAGES, forgetWork } from '../maintenance/damages.ts';
import { basicsOf, isIdle, openServer, settleTown } from '../maintenance/small-town.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { type RealStores, realStores } from '../support/real-stores.ts';
import { runScript, type ScriptRun } from '../support/run-script.ts';
import { startServer, temporaryFolder } from '../support/server-process.ts';
import { waitFor } from '../support/wait-for.ts';

type Settings = Readonly<Record<string, string>>;

function environmentOf({ dataDir, settings }: Pick<RealStores, 'dataDir' | 'settings'>): Settings {
  return { ...settings, DATA_DIR: dataDir };
}

function fsck(environment: Settings, mode: '--dry-run' | '--repair'): Promise<ScriptRun> {
  return runScript('scripts/fsck.ts', [mode], { environment });
}

/** The kinds that a run of fsck told of. */
function kindsIn({ output }: ScriptRun): string[] {
  return [...output.matchAll(/^BAD +([a-z-]+):/gm)].map(([, kind = '']) => kind).sort();
}

async function stores(t: ExecutionContext): Promise<RealStores> {
  const place = await realStores();
  t.teardown(() => place.remove());
  return place;
}

/** What a person has posted by now, and when each was acknowledged. */
interface Posted {
  readonly postId: string;
  readonly acknowledgedAtMs: number;
}

/** Posts until it is told to stop, as fast as posts are acknowledged. */
function keepPosting(author: Person) {
  const posted: Posted[] = [];
  const state = { stopped: false };
  const run = (async () => {
    while (!state.stopped) {
      const postId = await author.post(`post ${posted.length}`, await smallPhotograph(posted.length));
      posted.push({ postId, acknowledgedAtMs: Date.now() });
    }
  })();
  return {
    posted,
    async stop() {
      state.stopped = true;
      await run;
    },
  };
}

whenNamed(['cql', 's3'], () => {
  test('every kind of damage is told by a dry run, mended by a repair, and gone afterwards', async (t) => {
    const place = await stores(t);
    const town = await settleTown(place.dataDir, place.settings);
    const environment = environmentOf(place);
    t.deepEqual(kindsIn(await fsck(environment, '--dry-run')), [], 'a lived-in installation is clean');

    const installation = await openInstallation(basicsOf(place.dataDir, place.settings), { mayBeNew: false });
    for (const { act } of DAMAGES) await act({ ...installation, town });
    await forgetWork({ ...installation, town });
    await installation.close();
    // A blob is left alone for a while, as its row may be on its way; nothing else is waited for.
    const later = { ...environment, CLOCK_AHEAD_MS: String(limits.blobGraceMs + 60_000) };
    const shifted = (mode: string) => runScript('test/reliability/shifted-fsck.ts', [mode], { environment: later });
    const kinds = Object.keys(FINDING_KINDS).sort();
    const told = await fsck(environment, '--dry-run');
    t.log(told.output);
    t.is(told.code, 1);
    t.deepEqual(
      kindsIn(told),
      kinds.filter((kind) => kind !== 'orphan-blob'),
    );
    t.deepEqual(kindsIn(await fsck(environment, '--dry-run')), kindsIn(told), 'a dry run changes nothing');
    t.true(kindsIn(await shifted('--dry-run')).includes('orphan-blob'));

    const mended = await fsck(environment, '--repair');
    t.log(mended.output);
    t.deepEqual(kindsIn(mended), kindsIn(told));
    t.deepEqual(kindsIn(await fsck(environment, '--dry-run')), ['outbox-overdue'], 'which only a server can do');
    t.true(kindsIn(await shifted('--repair')).includes('orphan-blob'));
    const server = await openServer(place.dataDir, place.settings);
    await waitFor('the work being done', () => isIdle(server.store));
    await server.application.close();
    const clean = await fsck(environment, '--dry-run');
    t.is(clean.code, 0, clean.output);
    t.deepEqual(kindsIn(await shifted('--dry-run')), []);
  });

  test('a backup beside a busy server holds all that was acknowledged before it, restored to either kind of store', async (t) => {
    const place = await stores(t);
    const folder = await temporaryFolder('backup');
    t.teardown(() => folder.remove());
    const server = await startServer({ dataDir: place.dataDir, environment: place.settings });
    t.teardown(() => server.end('SIGKILL'));
    const author = await Person.register(server.url, 'author');
    const fan = await Person.register(server.url, 'fan');
    await fan.follow(author);
    const busy = keepPosting(author);
    await waitFor('some posts', () => busy.posted.length >= 10);
    const backup = join(folder.path, 'backup');
    const saved = await runScript('scripts/backup.ts', ['--to', backup], { environment: environmentOf(place) });
    const endedAtMs = Date.now();
    await waitFor('posts behind the backup', () => (busy.posted.at(-1)?.acknowledgedAtMs ?? 0) > endedAtMs);
    await busy.stop();
    await server.end('SIGTERM');
    t.is(saved.code, 0, saved.output);
    t.log(saved.output);
    const beganAtMs = Date.parse(/acknowledged before (\S+?)\.?$/m.exec(saved.output)?.[1] ?? '');

    const second = await stores(t);
    const embedded = { dataDir: join(folder.path, 'embedded'), settings: {} };
    for (const target of [second, embedded]) {
      const name = target === embedded ? 'embedded' : 'cql and s3';
      const restored = await runScript('scripts/restore.ts', ['--from', backup], {
        environment: environmentOf(target),
      });
      t.log(`into ${name}:\n${restored.output}`);
      t.is(restored.code, 0, restored.output);
      const checked = await fsck(environmentOf(target), '--dry-run');
      t.is(checked.code, 0, checked.output);
      const again = await startServer({ dataDir: target.dataDir, environment: target.settings });
      t.teardown(() => again.end('SIGKILL'));
      const before = busy.posted.filter(({ acknowledgedAtMs }) => acknowledgedAtMs < beganAtMs);
      t.true(before.length >= 10);
      const reader = fan.at(again.url);
      for (const { postId } of before) {
        // It may have been a draft in the backup, whose photograph is only now looked at.
        await waitFor(`post ${postId}`, async () => (await reader.call('GET', `/v1/posts/${postId}`)).status === 200);
      }
      const kept = await keptOf(reader, busy.posted);
      for (const { postId } of before) t.true(kept.has(postId), `post ${postId}`);
      const missing = busy.posted.filter(({ postId }) => !kept.has(postId));
      t.true(missing.length > 0, 'what came behind the backup is not in it');
      t.log(
        `${name}: ${before.length} posts acknowledged before the backup began, all there; of ${busy.posted.length - before.length} after that ${missing.length} are missing, ` +
          `the first acknowledged ${(missing[0]?.acknowledgedAtMs ?? 0) - beganAtMs} ms after it began, which took ${endedAtMs - beganAtMs} ms`,
      );
      t.is(await again.end('SIGTERM'), 0);
    }
  });
});

/** Those of the posts that a reader finds, each with a photograph to fetch. */
async function keptOf(reader: Person, posted: readonly Posted[]): Promise<Set<string>> {
  const kept = new Set<string>();
  for (const { postId } of posted) {
    const { status } = await reader.call('GET', `/v1/posts/${postId}`);
    if (status === 404) continue;
    const post = await waitFor('its photograph', async () => {
      const { body } = await reader.call<Post>('GET', `/v1/posts/${postId}`);
      return body.uploadStatus === 'complete' ? body : null;
    });
    const photograph = await fetch(post.mediaUrl ?? '');
    if (photograph.status !== 200) throw new Error(`the photograph of ${postId} answered ${photograph.status}`);
    await photograph.arrayBuffer();
    kept.add(postId);
  }
  return kept;
}
