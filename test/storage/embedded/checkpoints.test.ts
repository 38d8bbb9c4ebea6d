import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { limits } from '../../../src/limits.ts';
import { Checkpoints } from '../../../src/storage/embedded/checkpoints.ts';
import { openForReading, openForWriting } from '../../../src/storage/embedded/sqlite.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PAGE_BYTES = 4_096;

async function openDatabase(t: ExecutionContext) {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'some.db');
  const database = openForWriting(path);
  database.exec('CREATE TABLE things (content BLOB)');
  t.teardown(() => {
    database.close();
    return folder.remove();
  });
  const clock = new ManualClock();
  const checkpoints = new Checkpoints(database, clock);
  const write = (pages: number): void => {
    database.prepare('INSERT INTO things VALUES (zeroblob(?))').run(pages * PAGE_BYTES);
    checkpoints.written();
  };
  return { path, clock, checkpoints, write };
}

test('pages stay in the log until there are many, and then until nothing was written for a while', async (t) => {
  const { clock, checkpoints, write } = await openDatabase(t);
  write(10);
  clock.advance(1_000);
  const few = checkpoints.waitingPages();
  t.true(few > 10 && few < 100, `${few}`);
  t.is(checkpoints.waitingPages(), few, 'asking moves nothing');

  write(limits.sqliteLogPages);
  clock.advance(limits.writerRestMs - 1);
  write(1);
  clock.advance(limits.writerRestMs - 1);
  t.true(checkpoints.waitingPages() > limits.sqliteLogPages, 'each write begins the rest anew');
  clock.advance(1);
  t.is(checkpoints.waitingPages(), 0);
});

test('without any rest a commit moves the pages once the log is at its bound', async (t) => {
  const { checkpoints, write } = await openDatabase(t);
  const step = Math.ceil(limits.sqliteLogPagesMax / 4);
  for (let written = 0; written < 4 * step; written += step) write(step);
  t.is(checkpoints.waitingPages(), 0);
});

test('whoever reads meanwhile sees what was there when they began, and everything is moved afterwards', async (t) => {
  const { path, clock, checkpoints, write } = await openDatabase(t);
  write(1);
  const reader = openForReading(path);
  t.teardown(() => reader.close());
  const rows = (): unknown => reader.prepare('SELECT count(*) AS n FROM things').get()?.['n'];
  reader.exec('BEGIN');
  t.is(rows(), 1);
  write(limits.sqliteLogPages);
  clock.advance(limits.writerRestMs);
  t.is(rows(), 1);
  t.true(checkpoints.waitingPages() > 0, 'what the reader must not see stays in the log');
  reader.exec('COMMIT');
  t.is(rows(), 2);
  write(1);
  clock.advance(limits.writerRestMs);
  t.is(checkpoints.waitingPages(), 0);
});
