/** Lightweight transactions whose answer is lost, against a scripted engine. */
import test from 'ava';
import { Problem } from '../../../src/errors.ts';
import type { RequestKind, Statement } from '../../../src/storage/cql/cql-session.ts';
import type { DriverRow } from '../../../src/storage/cql/cql-values.ts';
import { FencedWrites } from '../../../src/storage/cql/fenced-writes.ts';
import { NEVER, TableCql } from '../../../src/storage/cql/table-cql.ts';
import { Layouts } from '../../../src/storage/table-layout.ts';
import { leases } from '../../conformance/store-tables.ts';
import { ManualClock } from '../../support/manual-clock.ts';

type Answer = 'lost' | DriverRow[] | ((sent: readonly Statement[]) => DriverRow[]);

/** Columns of a lease: name, holder, epoch, details. */
const CELLS = ['n', 'mine', 1, 'null'];
const EXPECTED = [[1, 'before']] as const;
const OTHERS: DriverRow = { name: 'n', holder: 'other', epoch: 5n, expires_at: BigInt(NEVER), write_id: 'theirs' };
const BEFORE: DriverRow = { ...OTHERS, holder: 'before' };
const APPLIED: DriverRow[] = [{ '[applied]': true }];

function scripted(...answers: Answer[]) {
  const sent: Statement[] = [];
  const kinds: RequestKind[] = [];
  const session = {
    async execute(statement: Statement, kind: RequestKind = 'plain'): Promise<DriverRow[]> {
      sent.push(statement);
      kinds.push(kind);
      const answer = answers.shift() ?? [];
      if (answer === 'lost') throw new Problem('timeout');
      return typeof answer === 'function' ? answer(sent) : answer;
    },
  };
  const table = new TableCql(new Layouts().of(leases));
  return { writes: new FencedWrites(session, new ManualClock()), table, kinds, sent };
}

/** The row as the first statement wrote it: its write id stands before the last parameter of an insert. */
const ownRow = (sent: readonly Statement[]): DriverRow[] => {
  const parameters = sent[0]?.parameters ?? [];
  const writeId = parameters.find((value) => typeof value === 'string' && /^[\w-]{16}$/.test(value));
  return [{ ...OTHERS, holder: 'mine', write_id: writeId }];
};

const row = { cells: CELLS, expiresAtMs: null };

test('an insert whose answer was lost is recognised by its mark, after a serial read', async (t) => {
  const { writes, table, kinds } = scripted('lost', ownRow);
  t.is(await writes.insertIfAbsent(table, row), null);
  t.deepEqual(kinds, ['lightweight', 'serial']);
});

test('an insert whose answer was lost and that is not there is tried again', async (t) => {
  const { writes, table, kinds } = scripted('lost', [], APPLIED);
  t.is(await writes.insertIfAbsent(table, row), null);
  t.deepEqual(kinds, ['lightweight', 'serial', 'lightweight']);
});

test('an insert whose answer was lost yields the row of whoever was there', async (t) => {
  const { writes, table } = scripted('lost', [OTHERS]);
  t.deepEqual(await writes.insertIfAbsent(table, row), OTHERS);
});

test('an expired row is replaced by comparing with its expiry', async (t) => {
  const expired = { ...OTHERS, '[applied]': false, expires_at: 5n };
  const { writes, table, sent } = scripted([expired], APPLIED);
  t.is(await writes.insertIfAbsent(table, row), null);
  t.regex(sent[1]?.query ?? '', /IF expires_at = \?$/);
  t.is(sent[1]?.parameters.at(-1), 5n);
});

test('a comparison whose answer was lost: done, not done and tried again, or not in force', async (t) => {
  const done = scripted('lost', ownRow);
  t.true(await done.writes.compareAndPut(done.table, row, EXPECTED));
  const again = scripted('lost', [BEFORE], APPLIED);
  t.true(await again.writes.compareAndPut(again.table, row, EXPECTED));
  t.deepEqual(again.kinds, ['lightweight', 'serial', 'lightweight']);
  const refused = scripted('lost', [OTHERS]);
  t.false(await refused.writes.compareAndPut(refused.table, row, EXPECTED));
  const gone = scripted('lost', []);
  t.false(await gone.writes.compareAndPut(gone.table, row, EXPECTED));
});

test('a removal whose answer was lost and whose row is gone stays unknown: it may have been another’s', async (t) => {
  const { writes, table } = scripted('lost', []);
  const error = await t.throwsAsync(writes.compareAndRemove(table, ['n'], EXPECTED), { instanceOf: Problem });
  t.is(error?.code, 'timeout');
  const again = scripted('lost', [BEFORE], APPLIED);
  t.true(await again.writes.compareAndRemove(again.table, ['n'], EXPECTED));
});

test('when the serial read is lost too, the caller learns that the outcome is unknown', async (t) => {
  const { writes, table } = scripted('lost', 'lost');
  const error = await t.throwsAsync(writes.insertIfAbsent(table, row), { instanceOf: Problem });
  t.is(error?.code, 'timeout');
});
