import anyTest, { type TestFn } from 'ava';
import { checkInstallation, openInstallation } from '../../src/compose/maintenance.ts';
import { type FsckReport, leftWrong } from '../../src/maintenance/fsck/fsck.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';
import { DAMAGES, forgetWork, type Place } from './damages.ts';
import { basicsOf, copyOf, isIdle, openServer, settleTown, type SmallTown } from './small-town.ts';

const test = anyTest as TestFn<{ folder: TemporaryFolder; town: SmallTown }>;
let shared: { folder: TemporaryFolder; town: SmallTown } | null = null;

test.before(async () => {
  const folder = await temporaryFolder();
  shared = { folder, town: await settleTown(folder.path) };
});
test.beforeEach((t) => {
  if (shared !== null) t.context = shared;
});
test.after.always(() => shared?.folder.remove());

async function damage(dataDir: string, town: SmallTown, act: (place: Place) => Promise<void>): Promise<void> {
  const place = await openInstallation(basicsOf(dataDir), { mayBeNew: false });
  await act({ ...place, town });
  await place.close();
}

/** The kinds of which something was found. */
function kindsIn(report: FsckReport): string[] {
  return Object.entries(report).flatMap(([kind, { found }]) => (found > 0 ? [kind] : []));
}

test('a lived-in installation is clean', async (t) => {
  const folder = await copyOf(t.context.town);
  const report = await checkInstallation(basicsOf(folder.path), { repair: false });
  t.deepEqual(kindsIn(report), []);
  t.true(Object.entries(report).every(([kind, { examined }]) => examined > 0 || kind === 'outbox-overdue'));
  await folder.remove();
});

for (const { name, kind, act } of DAMAGES) {
  test(`${name} is found, left alone by a dry run, and mended`, async (t) => {
    const folder = await copyOf(t.context.town);
    const basics = basicsOf(folder.path);
    await damage(folder.path, t.context.town, act);
    const first = await checkInstallation(basics, { repair: false });
    t.true(kindsIn(first).includes(kind), JSON.stringify(first));
    t.deepEqual(await checkInstallation(basics, { repair: false }), first);
    const repaired = await checkInstallation(basics, { repair: true });
    t.is(leftWrong(repaired), 0, JSON.stringify(repaired));
    t.deepEqual(kindsIn(await checkInstallation(basics, { repair: true })), []);
    await folder.remove();
  });
}

test('work that nobody would look for again is found, and done by the next server', async (t) => {
  const { town } = t.context;
  const folder = await copyOf(town);
  const basics = basicsOf(folder.path);
  await damage(folder.path, town, forgetWork);
  t.deepEqual(kindsIn(await checkInstallation(basics, { repair: true })), ['outbox-overdue']);
  const server = await openServer(folder.path);
  await waitFor('the work being done', () => isIdle(server.store));
  await server.application.close();
  t.deepEqual(kindsIn(await checkInstallation(basics, { repair: false })), []);
  await folder.remove();
});

test('an installation that a server is using is not touched, and the message says who has it', async (t) => {
  const folder = await copyOf(t.context.town);
  const server = await openServer(folder.path);
  await t.throwsAsync(checkInstallation(basicsOf(folder.path), { repair: true }), { message: /is in use by process/ });
  await server.application.close();
  await folder.remove();
});

test('a folder without an installation is refused, not filled', async (t) => {
  const folder = await temporaryFolder();
  await t.throwsAsync(checkInstallation(basicsOf(folder.path), { repair: false }), { message: /no installation in/ });
  await folder.remove();
});
