/**
 * The jobs at rest: one SQLite file, owned by one process. A commit is in the operating system's hands before it
 * returns, so it survives `kill -9`; power loss may take the newest commits, which the outbox brings back.
 *
 *   state  ready ──claim──► active ──remove──► (gone)
 *            ▲                │ delay              park: a row of `parked`
 *            └──── delayed ◄──┘
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { limits } from '../../limits.ts';
import type { AddOptions, Job, JobData, ParkedJob, QueueName } from '../job-queue.ts';

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE jobs (
    sequence INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    data TEXT NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL,
    dueAtMs INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    UNIQUE (queue, key)
  ) STRICT;
  CREATE INDEX jobsReady ON jobs (queue, priority, sequence) WHERE state = 'ready';
  CREATE INDEX jobsDelayed ON jobs (queue, dueAtMs) WHERE state = 'delayed';
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

const STATEMENTS = {
  insert: `INSERT INTO jobs (queue, key, data, priority, state, dueAtMs, failures) VALUES (?, ?, ?, ?, ?, ?, 0)
    ON CONFLICT (queue, key) DO NOTHING`,
  ready: `SELECT sequence, key, data, failures FROM jobs WHERE queue = ? AND state = 'ready'
    ORDER BY priority, sequence LIMIT ?`,
  activate: `UPDATE jobs SET state = 'active' WHERE sequence = ?`,
  wakeDelayed: `UPDATE jobs SET state = 'ready' WHERE queue = ? AND state = 'delayed' AND dueAtMs <= ?`,
  nextDue: `SELECT MIN(dueAtMs) AS dueAtMs FROM jobs WHERE queue = ? AND state = 'delayed'`,
  delay: `UPDATE jobs SET state = 'delayed', dueAtMs = ?, failures = ? WHERE sequence = ?`,
  remove: `DELETE FROM jobs WHERE sequence = ?`,
  park: `INSERT OR REPLACE INTO parked (queue, key, data, reason, attempts, parkedAtMs) VALUES (?, ?, ?, ?, ?, ?)`,
  forgetParked: `DELETE FROM parked WHERE parkedAtMs < ?`,
  unpark: `DELETE FROM parked WHERE queue = ? AND key = ?`,
  parkedOne: `SELECT data FROM parked WHERE queue = ? AND key = ?`,
  parkedMany: `SELECT key, data, reason, attempts, parkedAtMs FROM parked WHERE queue = ? ORDER BY parkedAtMs, key LIMIT ?`,
  depth: `SELECT COUNT(*) AS jobs FROM jobs WHERE queue = ?`,
  total: `SELECT COUNT(*) AS jobs FROM jobs`,
  restart: `UPDATE jobs SET state = 'ready' WHERE state = 'active'`,
} as const;

/** A job that this process took. `sequence` names its row. */
export interface ClaimedJob extends Job {
  readonly sequence: number;
}

export class JobFile {
  private readonly database: DatabaseSync;
  private readonly statements = new Map<keyof typeof STATEMENTS, StatementSync>();

  private constructor(database: DatabaseSync) {
    this.database = database;
  }

  /** Jobs that were active when the last process ended are ready again. Throws when another process has the file. */
  static open(path: string): JobFile {
    const database = new DatabaseSync(path);
    try {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
      if (version > SCHEMA_VERSION) throw new Error(`${path} was written by a newer version (schema ${version})`);
      if (version === 0) {
        database.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
      }
      const file = new JobFile(database);
      file.run('restart');
      return file;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  transaction<Result>(work: () => Result): Result {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk may have rolled back already.
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  /** False if the key is waiting or active. A parked job of that key makes way: this one starts afresh. */
  insert(job: { queue: QueueName; key: string; data: string }, options: AddOptions, nowMs: number): boolean {
    const delayMs = options.delayMs ?? 0;
    const priority = options.priority === 'background' ? 1 : 0;
    const state = delayMs > 0 ? 'delayed' : 'ready';
    const inserted = this.run('insert', job.queue, job.key, job.data, priority, state, Math.ceil(nowMs + delayMs));
    if (inserted) this.run('unpark', job.queue, job.key);
    return inserted;
  }

  /** Takes up to `count` jobs that are due, interactive ones first, then in order of arrival. */
  claim(queue: QueueName, count: number, nowMs: number): ClaimedJob[] {
    this.run('wakeDelayed', queue, nowMs);
    const rows = this.prepared('ready').all(queue, count) as {
      sequence: number;
      key: string;
      data: string;
      failures: number;
    }[];
    return rows.map((row) => {
      this.run('activate', row.sequence);
      return {
        sequence: row.sequence,
        key: row.key,
        data: JSON.parse(row.data) as JobData,
        attempt: row.failures + 1,
      };
    });
  }

  nextDueMs(queue: QueueName): number | null {
    return (this.prepared('nextDue').get(queue) as { dueAtMs: number | null }).dueAtMs;
  }

  /** Puts an active job back, to be run at `dueAtMs`, after `failures` tries that count. */
  delay(job: ClaimedJob, dueAtMs: number, failures: number): void {
    this.run('delay', Math.ceil(dueAtMs), failures, job.sequence);
  }

  remove(job: ClaimedJob): void {
    this.run('remove', job.sequence);
  }

  park(queue: QueueName, job: ClaimedJob, reason: string, nowMs: number): void {
    // As long as the outbox keeps the row of one: nobody came for it.
    this.run('forgetParked', nowMs - limits.outboxRetentionMs);
    this.run('park', queue, job.key, JSON.stringify(job.data), reason, job.attempt, nowMs);
    this.remove(job);
  }

  /** The data of a parked job, which is no longer parked; null if there is none. */
  unpark(queue: QueueName, key: string): string | null {
    const row = this.prepared('parkedOne').get(queue, key) as { data: string } | undefined;
    this.run('unpark', queue, key);
    return row?.data ?? null;
  }

  parked(queue: QueueName, limit: number): ParkedJob[] {
    const rows = this.prepared('parkedMany').all(queue, limit) as unknown as (Omit<ParkedJob, 'data'> & {
      data: string;
    })[];
    return rows.map((row) => Object.assign(row, { data: JSON.parse(row.data) as JobData }));
  }

  depth(queue: QueueName): number {
    return (this.prepared('depth').get(queue) as { jobs: number }).jobs;
  }

  total(): number {
    return (this.prepared('total').get() as { jobs: number }).jobs;
  }

  close(): void {
    this.database.close();
  }

  private run(name: keyof typeof STATEMENTS, ...values: SQLInputValue[]): boolean {
    return this.prepared(name).run(...values).changes > 0;
  }

  private prepared(name: keyof typeof STATEMENTS): StatementSync {
    const known = this.statements.get(name);
    if (known !== undefined) return known;
    const statement = this.database.prepare(STATEMENTS[name]);
    this.statements.set(name, statement);
    return statement;
  }
}
