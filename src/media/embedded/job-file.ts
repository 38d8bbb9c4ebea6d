/**
 * The jobs at rest: one SQLite file, owned by one process. A commit is in the operating system's hands before it
 * returns, so it survives `kill -9`; power loss may take the newest commits, which the outbox brings back.
 *
 * A row of `waiting` is a job that has not ended; whether it is under way is known in memory only, so at a start all of
 * them wait. `dueAtMs` is 0 if it never had to wait for a time. A row of `parked` is a job that was given up on.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { invariant } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { JobData, ParkedJob, QueueName } from '../job-queue.ts';
import type { KnownJob } from './known-jobs.ts';

const SCHEMA_VERSION = 2;
/** Data stands last: what is behind a long value is slow to read. That keys are unique is kept in memory. */
const WAITING = `
  CREATE TABLE waiting (
    sequence INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    priority INTEGER NOT NULL,
    dueAtMs INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    data TEXT NOT NULL
  ) STRICT;
`;
const PARKED = `
  CREATE TABLE parked (
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    data TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    parkedAtMs INTEGER NOT NULL,
    PRIMARY KEY (queue, key)
  ) STRICT, WITHOUT ROWID;
`;
/** Version 1 had a table `jobs` that also said who was under way. */
const FROM_VERSION_1 = `
  INSERT INTO waiting (sequence, queue, key, priority, dueAtMs, failures, data)
    SELECT sequence, queue, key, priority, CASE state WHEN 'delayed' THEN dueAtMs ELSE 0 END, failures, data FROM jobs;
  DROP TABLE jobs;
`;

const STATEMENTS = {
  insert: `INSERT INTO waiting (sequence, queue, key, priority, dueAtMs, failures, data) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  delay: `UPDATE waiting SET dueAtMs = ?, failures = ? WHERE sequence = ?`,
  remove: `DELETE FROM waiting WHERE sequence = ?`,
  all: `SELECT sequence, queue, key, priority, dueAtMs, failures FROM waiting ORDER BY sequence`,
  data: `SELECT data FROM waiting WHERE sequence = ?`,
  park: `INSERT OR REPLACE INTO parked (queue, key, data, reason, attempts, parkedAtMs) VALUES (?, ?, ?, ?, ?, ?)`,
  forgetParked: `DELETE FROM parked WHERE parkedAtMs < ?`,
  unpark: `DELETE FROM parked WHERE queue = ? AND key = ?`,
  anyParked: `SELECT EXISTS (SELECT 1 FROM parked) AS found`,
  parkedOne: `SELECT data FROM parked WHERE queue = ? AND key = ?`,
  parkedMany: `SELECT key, data, reason, attempts, parkedAtMs FROM parked WHERE queue = ? ORDER BY parkedAtMs, key LIMIT ?`,
} as const;

/** A job on its way to the parked ones, with its data as JSON. */
export interface Parking extends Omit<ParkedJob, 'data'> {
  readonly queue: QueueName;
  readonly text: string;
}

/** What one transaction changes. */
export interface Changes {
  /** Rows of jobs that have ended. */
  readonly ended: readonly number[];
  readonly parked: readonly Parking[];
  /** Jobs in the file that wait for another time, or have failed once more. */
  readonly delayed: readonly KnownJob[];
  /** Jobs that are in memory only. */
  readonly added: readonly KnownJob[];
}

export class JobFile {
  private readonly database: DatabaseSync;
  private readonly statements = new Map<keyof typeof STATEMENTS, StatementSync>();
  /** Whether any job is parked; null when that is not known. Nearly always false, and then no job need be looked for. */
  private hasParked: boolean | null = null;

  private constructor(database: DatabaseSync) {
    this.database = database;
  }

  /** Throws when another process has the file. */
  static open(path: string): JobFile {
    const database = new DatabaseSync(path);
    try {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
      if (version > SCHEMA_VERSION) throw new Error(`${path} was written by a newer version (schema ${version})`);
      const schema = WAITING + (version === 0 ? PARKED : FROM_VERSION_1);
      if (version < SCHEMA_VERSION) {
        database.exec(`BEGIN IMMEDIATE; ${schema} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
      }
      const file = new JobFile(database);
      // Takes the lock at once.
      file.transaction(() => undefined);
      return file;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** All of it, or nothing and an error. */
  write({ ended, parked, delayed, added }: Changes): void {
    this.transaction(() => {
      // Ends come first: a key may come again while the row of its last run still stands.
      for (const sequence of ended) this.run('remove', sequence);
      for (const parking of parked) this.park(parking);
      for (const job of delayed) this.run('delay', job.dueAtMs, job.failures, job.sequence);
      for (const job of added) this.insert(job);
    });
  }

  /** Every job that has not ended, in order of arrival. */
  *waiting(): Iterable<KnownJob> {
    for (const row of this.prepared('all').iterate()) {
      // Written by `insert` below and by nothing else.
      const { queue, key, sequence, priority, dueAtMs, failures } = row as unknown as KnownJob;
      yield { queue, key, sequence, place: 0, priority, state: 'waiting', dueAtMs, failures, unwritten: null };
    }
  }

  /** The data of a job that stands in the file, as JSON. */
  data(sequence: number): string {
    const row = this.prepared('data').get(sequence) as { data: string } | undefined;
    invariant(row !== undefined, `job ${sequence} stands in the file`);
    return row.data;
  }

  /** The data of a parked job, as JSON; null if there is none of that key. */
  parkedData(queue: QueueName, key: string): string | null {
    if (!this.anyParked()) return null;
    const row = this.prepared('parkedOne').get(queue, key) as { data: string } | undefined;
    return row?.data ?? null;
  }

  parked(queue: QueueName, limit: number): ParkedJob[] {
    const rows = this.prepared('parkedMany').all(queue, limit) as unknown as (Omit<ParkedJob, 'data'> & {
      data: string;
    })[];
    return rows.map((row) => Object.assign(row, { data: JSON.parse(row.data) as JobData }));
  }

  /** Throws if nothing can be written. */
  ping(): void {
    this.transaction(() => undefined);
  }

  close(): void {
    this.database.close();
  }

  /** A parked job of that key makes way: this one starts afresh. */
  private insert({ unwritten, sequence, queue, key, priority, dueAtMs, failures }: KnownJob): void {
    invariant(unwritten !== null, 'a job is put into the file once');
    this.run('insert', sequence, queue, key, priority, dueAtMs, failures, unwritten.text);
    if (!this.anyParked()) return;
    this.hasParked = null;
    this.run('unpark', queue, key);
  }

  private park({ queue, key, text, reason, attempts, parkedAtMs }: Parking): void {
    this.hasParked = null;
    // As long as the outbox keeps the row of one: nobody came for it.
    this.run('forgetParked', parkedAtMs - limits.outboxRetentionMs);
    this.run('park', queue, key, text, reason, attempts, parkedAtMs);
  }

  private anyParked(): boolean {
    this.hasParked ??= (this.prepared('anyParked').get() as { found: number }).found === 1;
    return this.hasParked;
  }

  private transaction(work: () => void): void {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.database.exec('COMMIT');
    } catch (error) {
      this.hasParked = null;
      // A full disk may have rolled back already.
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  private run(name: keyof typeof STATEMENTS, ...values: SQLInputValue[]): void {
    this.prepared(name).run(...values);
  }

  private prepared(name: keyof typeof STATEMENTS): StatementSync {
    const known = this.statements.get(name);
    if (known !== undefined) return known;
    const statement = this.database.prepare(STATEMENTS[name]);
    this.statements.set(name, statement);
    return statement;
  }
}
