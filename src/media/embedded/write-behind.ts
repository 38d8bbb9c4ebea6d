/**
 * Writes the jobs to their file behind what happens in memory, so that a job which is added, run and ended within a short
 * time costs nothing on disk. What has gathered is written at a tick, in one transaction:
 *
 *   added ──► in memory only ──(after one to two ticks)──► in the file ──► ended, row removed at the next tick
 *                  └──► ended before: was never in the file
 *
 * What must hold:
 * - `add` resolves when its job is in the file, or has ended and left nothing to write.
 * - The data of a job is in memory until the file has it. More than `limits.jobsUnwrittenMax` that are in memory only are
 *   written in the next turn of the event loop.
 * - A transaction that fails changes nothing: endings, pauses and parked jobs stay here and are tried again. Jobs that were
 *   added have not been promised to anybody: those that wait are withdrawn, and the `add` of each is told `unavailable`.
 */
import { type Clock, nextTurn, type Timer } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import type { QueueName } from '../job-queue.ts';
import type { Changes, JobFile, Parking } from './job-file.ts';
import type { KnownJob, KnownJobs } from './known-jobs.ts';

export interface WriteBehindOptions {
  readonly file: JobFile;
  readonly jobs: KnownJobs;
  readonly clock: Clock;
  readonly log: Logger;
  /** Pause after a transaction that failed. */
  readonly retryMs: number;
}

export class WriteBehind {
  private readonly options: WriteBehindOptions;
  /** Jobs that are in memory only, in order of arrival. */
  private readonly added = new Set<KnownJob>();
  private readonly delayed = new Set<KnownJob>();
  private readonly ended = new Set<number>();
  private readonly parked = new Map<Parking, PromiseWithResolvers<void> | null>();
  private tick = 0;
  private timer: Timer | null = null;
  private isTurnAsked = false;
  private isClosed = false;

  constructor(options: WriteBehindOptions) {
    this.options = options;
  }

  /** Keeps `job`, whose data is `text`. Resolves when it is in the file or has ended; rejects with `unavailable`. */
  add(job: KnownJob, text: string): Promise<void> {
    const kept = Promise.withResolvers<void>();
    job.unwritten = { text, kept, tick: this.tick };
    this.added.add(job);
    if (this.added.size > limits.jobsUnwrittenMax) this.askTurn();
    this.arm(limits.jobWriteBehindMs);
    return kept.promise;
  }

  /** It waits again, for another time or after one more failure. */
  delay(job: KnownJob): void {
    if (job.unwritten !== null) return;
    this.delayed.add(job);
    this.arm(limits.jobWriteBehindMs);
  }

  end(job: KnownJob): void {
    job.unwritten?.kept.resolve();
    this.forget(job);
  }

  /** Seldom, and so at once. */
  park(job: KnownJob, parking: Parking): void {
    this.parked.set(parking, job.unwritten?.kept ?? null);
    this.forget(job);
    this.writeAll();
  }

  /** Whether a job of this key was given up on, and is to make way. */
  isParked(queue: QueueName, key: string): boolean {
    for (const parking of this.parked.keys()) if (parking.queue === queue && parking.key === key) return true;
    return this.options.file.parkedData(queue, key) !== null;
  }

  /** Writes everything down; false if that failed. */
  writeAll(): boolean {
    while (this.hasChanges()) if (!this.write(true)) return false;
    return true;
  }

  /** Writes down what it can. */
  close(): void {
    this.writeAll();
    this.isClosed = true;
    this.timer?.cancel();
    for (const job of this.added) job.unwritten?.kept.reject(new Problem('unavailable'));
    for (const kept of this.parked.values()) kept?.reject(new Problem('unavailable'));
  }

  private forget(job: KnownJob): void {
    this.delayed.delete(job);
    if (job.unwritten !== null) {
      this.added.delete(job);
      return;
    }
    this.ended.add(job.sequence);
    this.arm(limits.jobWriteBehindMs);
  }

  private hasChanges(): boolean {
    return this.added.size + this.delayed.size + this.ended.size + this.parked.size > 0;
  }

  private arm(delayMs: number): void {
    if (this.timer !== null || this.isClosed) return;
    const task = (): void => {
      this.timer = null;
      const isWritten = this.write(false);
      this.tick++;
      if (this.hasChanges()) this.arm(isWritten ? limits.jobWriteBehindMs : this.options.retryMs);
    };
    // Somebody may wait for nothing else: the process must not end over it.
    this.timer = this.options.clock.after(delayMs, task, { keepsAlive: true });
  }

  /** More has gathered than is worth waiting for. */
  private askTurn(): void {
    if (this.isTurnAsked) return;
    this.isTurnAsked = true;
    void nextTurn().then(() => {
      this.isTurnAsked = false;
      if (this.isClosed || !this.write(true)) return;
      if (this.added.size > limits.jobsUnwrittenMax) this.askTurn();
    });
  }

  /** One transaction, of all jobs or of those that were there at the last tick. False if it failed. */
  private write(isOfAll: boolean): boolean {
    const changes = this.changes(isOfAll);
    if (changes === null) return true;
    const { file, log } = this.options;
    try {
      file.write(changes);
    } catch (error) {
      log.error('job file could not be written', { error });
      this.refuse(changes.parked, this.due(isOfAll), new Problem('unavailable', { cause: error }));
      return false;
    }
    for (const sequence of changes.ended) this.ended.delete(sequence);
    for (const job of changes.delayed) this.delayed.delete(job);
    for (const parking of changes.parked) {
      this.parked.get(parking)?.resolve();
      this.parked.delete(parking);
    }
    for (const job of changes.added) {
      this.added.delete(job);
      job.unwritten?.kept.resolve();
      job.unwritten = null;
    }
    return true;
  }

  private refuse(parked: readonly Parking[], added: Iterable<KnownJob>, problem: Problem): void {
    for (const parking of parked) this.parked.get(parking)?.reject(problem);
    const waiting: KnownJob[] = [];
    for (const job of added) {
      job.unwritten?.kept.reject(problem);
      if (job.state === 'waiting') waiting.push(job);
    }
    for (const job of waiting) this.added.delete(job);
    this.options.jobs.withdraw(waiting);
  }

  private changes(isOfAll: boolean): Changes | null {
    let room: number = limits.jobChangesPerTransaction;
    const some = <Item>(items: Iterable<Item>): Item[] => {
      const taken: Item[] = [];
      for (const item of items) {
        if (room === 0) break;
        taken.push(item);
        room--;
      }
      return taken;
    };
    const ended = some(this.ended);
    const parked = some(this.parked.keys());
    const delayed = some(this.delayed);
    const added = some(this.due(isOfAll));
    return room === limits.jobChangesPerTransaction ? null : { ended, parked, delayed, added };
  }

  /** Jobs in memory only: all, or those that were there at the last tick. */
  private *due(isOfAll: boolean): Iterable<KnownJob> {
    for (const job of this.added) {
      if (!isOfAll && (job.unwritten?.tick ?? 0) >= this.tick) return;
      yield job;
    }
  }
}
