import { access } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { systemClock } from '../../src/clock.ts';
import { copyBetween } from '../../src/compose/copies.ts';
import { checkInstallation, openInstallation } from '../../src/compose/maintenance.ts';
import { copyInstallation } from '../../src/maintenance/copy/copy.ts';
import { CopyProgress } from '../../src/maintenance/copy/copy-progress.ts';
import { leftWrong } from '../../src/maintenance/fsck/fsck.ts';
import { silentLogger } from '../../src/log.ts';
import { MemoryBlobStore } from '../../src/storage/memory/memory-blob-store.ts';
import { MemoryStore } from '../../src/storage/memory/memory-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { counters } from '../../src/storage/tables/graph.ts';
import { runScript } from '../support/run-script.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';
import { basicsOf, environmentOf, settleTown, type SmallTown } from './small-town.ts';

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

const quiet = (): void => undefined;
const basics = { clock: systemClock, log: silentLogger, environment: environmentOf('unused') };

/** A store that dies after `writes` rows. */
function dying(store: Store, writes: number): Store {
  let left = writes;
  return new Proxy(store, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      const method = value as (...parts: unknown[]) => unknown;
      if (name !== 'put' && name !== 'insertIfAbsent') return method.bind(target);
      return async (...parts: unknown[]) => {
        if (left-- <= 0) throw new Error('killed');
        return method.apply(target, parts);
      };
    },
  });
}

test.serial('a copy broken off anywhere goes on where it was, and is complete', async (t) => {
  const { town } = t.context;
  const from = await openInstallation(basicsOf(town.dataDir), { mayBeNew: false });
  for (const writes of [0, 1, 7, 40, 90]) {
    const folder = await temporaryFolder();
    const to = { store: new MemoryStore({ clock: systemClock }), blobs: new MemoryBlobStore({ clock: systemClock }) };
    const open = () => CopyProgress.open(join(folder.path, 'progress.json'), { from: 'a', to: 'b' });
    const options = { from, clock: systemClock, say: quiet };
    const killed = { ...to, store: dying(to.store, writes) };
    await t.throwsAsync(copyInstallation({ ...options, to: killed, progress: await open() }), { message: 'killed' });
    const report = await copyInstallation({ ...options, to, progress: await open() });
    t.deepEqual(report.differences, []);
    t.true(report.rows > 50 && report.blobs > 0);
    await t.throwsAsync(access(join(folder.path, 'progress.json')));
    await folder.remove();
  }
  await from.close();
});

test.serial('what differs between the two places is told', async (t) => {
  const from = await openInstallation(basicsOf(t.context.town.dataDir), { mayBeNew: false });
  const folder = await temporaryFolder();
  const memory = new MemoryStore({ clock: systemClock });
  const blobs = new MemoryBlobStore({ clock: systemClock });
  // Counts are kept with another value than the one that was written.
  const forgetful = new Proxy(memory, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const method = (value as (...parts: unknown[]) => unknown).bind(target);
      if (name !== 'put') return method;
      return async (table: unknown, row: Record<string, unknown>, ...rest: unknown[]) => {
        return method(table, table === counters ? { ...row, value: 99 } : row, ...rest);
      };
    },
  });
  const progress = await CopyProgress.open(join(folder.path, 'progress.json'), { from: 'a', to: 'b' });
  const to = { store: forgetful, blobs };
  const report = await copyInstallation({ from, to, progress, clock: systemClock, say: quiet });
  t.is(report.differences.length, 1);
  t.regex(report.differences[0] ?? '', /^counters: \d+ rows are missing or differ$/);
  await access(join(folder.path, 'progress.json'));
  await from.close();
  await folder.remove();
});

test.serial('from one folder to another and back: the same rows, blobs and secret, and clean', async (t) => {
  const folder = await temporaryFolder();
  const there = join(folder.path, 'there');
  const back = join(folder.path, 'back');
  const ends = { from: `embedded:${t.context.town.dataDir}`, to: `embedded:${there}` };
  const first = await copyBetween(basics, ends, quiet);
  t.deepEqual(first.differences, []);
  t.regex(first.secret, /sessions go on/);
  const second = await copyBetween(basics, { from: `embedded:${there}`, to: `embedded:${back}` }, quiet);
  t.deepEqual(second.differences, []);
  t.is(second.rows, first.rows);
  t.is(leftWrong(await checkInstallation(basicsOf(back), { repair: false })), 0);
  await t.throwsAsync(copyBetween(basics, ends, quiet), { message: /holds rows/ });
  await t.throwsAsync(copyBetween(basics, { ...ends, to: ends.from }, quiet), { message: /same place/ });
  await folder.remove();
});

test.serial('the command, killed in the middle and called again, finishes the copy', async (t) => {
  const folder = await temporaryFolder();
  const target = join(folder.path, 'target');
  const words = ['--from', `embedded:${t.context.town.dataDir}`, '--to', `embedded:${target}`];
  const killed = await runScript('scripts/copy.ts', words, { killWhen: (output) => output.length > 0 });
  t.is(killed.code, null);
  const finished = await runScript('scripts/copy.ts', words);
  t.is(finished.code, 0, finished.output);
  t.regex(finished.output, /rows and \d+ blobs were compared/);
  await folder.remove();
});
