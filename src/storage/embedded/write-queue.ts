/**
 * The event loop's side of the writer thread. Writes of one turn, and all that arrive while a group is being synced, form
 * the next group. A write's promise settles only after its group's commit.
 *
 * Commands do not queue behind fan-outs: a group takes everything that commands wait for, and of the bulk only a part. So
 * a command waits for one such part at most, and since every group takes some of the bulk, that always gets on.
 *
 *   starting ──ready──► running ──thread dies──► down ──back-off──► starting        close: drains, then closed
 *
 * A write in flight when the thread dies has an unknown outcome and is `unavailable`, as is every write until it runs again.
 */
import type { Worker } from 'node:worker_threads';
import { type Clock, jitteredBackoffMs, nextTurn, type Timer } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { engineProblem } from './sqlite.ts';
import type { FromWriter, ToWriter, WriteRequest, WriteResult } from './write-protocol.ts';

type Success = Extract<WriteResult, { ok: true }>;

interface Waiting {
  readonly request: WriteRequest;
  readonly mutations: number;
  readonly resolve: (result: Success) => void;
  readonly reject: (error: unknown) => void;
}

/** In order of arrival. */
class WaitingWrites {
  private writes: Waiting[] = [];
  /** Of all of them. */
  mutations = 0;

  get length(): number {
    return this.writes.length;
  }

  push(write: Waiting): void {
    this.writes.push(write);
    this.mutations += write.mutations;
  }

  /** The first writes, until they are so many mutations: the last one may go beyond. */
  take(enough: number): Waiting[] {
    let mutations = 0;
    let count = 0;
    for (const { mutations: more } of this.writes) {
      if (mutations >= enough) break;
      mutations += more;
      count++;
    }
    const taken = this.writes.slice(0, count);
    this.writes = this.writes.slice(count);
    this.mutations -= mutations;
    return taken;
  }
}

export interface WriteQueueOptions {
  readonly startThread: () => Worker;
  readonly clock: Clock;
  readonly log: Logger;
}

export class WriteQueue {
  private readonly options: WriteQueueOptions;
  private state: 'starting' | 'running' | 'down' | 'closing' | 'closed' = 'starting';
  private thread: Worker | null = null;
  /** What a command waits for, and what is written behind commands. */
  private readonly urgent = new WaitingWrites();
  private readonly bulk = new WaitingWrites();
  private inFlight: Waiting[] = [];
  private flushPlanned = false;
  private restarts = 0;
  private restartTimer: Timer | null = null;
  private whenIdle: (() => void) | null = null;

  private constructor(options: WriteQueueOptions) {
    this.options = options;
  }

  static async open(options: WriteQueueOptions): Promise<WriteQueue> {
    const queue = new WriteQueue(options);
    try {
      await queue.start();
    } catch (error) {
      await queue.close();
      throw error;
    }
    return queue;
  }

  /** How many writes wait or are being written. */
  get depth(): number {
    return this.urgent.length + this.bulk.length + this.inFlight.length;
  }

  submit(request: WriteRequest): Promise<Success> {
    return this.enter(this.urgent, request);
  }

  /** For writes that nobody waits for at the other end of a connection. */
  submitBulk(request: WriteRequest): Promise<Success> {
    return this.enter(this.bulk, request);
  }

  private enter(lane: WaitingWrites, request: WriteRequest): Promise<Success> {
    const mutations = request.kind === 'plain' ? request.writes.count : 1;
    if (this.state !== 'running') return Promise.reject(new Problem('unavailable', { detail: this.whyNot() }));
    if (
      this.urgent.length + this.bulk.length >= limits.writerQueueWrites ||
      this.urgent.mutations + this.bulk.mutations + mutations > limits.writerQueueMutations
    ) {
      return Promise.reject(new Problem('overloaded', { retryAfterMs: 1000 }));
    }
    return new Promise((resolve, reject) => {
      lane.push({ request, mutations, resolve, reject });
      this.planFlush();
    });
  }

  /** Writes what was accepted, then ends the thread. */
  async close(): Promise<void> {
    if (this.state === 'closing' || this.state === 'closed') return;
    const running = this.state === 'running';
    this.state = 'closing';
    this.restartTimer?.cancel();
    if (running && this.depth > 0) {
      await new Promise<void>((resolve) => {
        this.whenIdle = resolve;
      });
    }
    const thread = this.thread;
    if (thread !== null) {
      const ended = new Promise<void>((resolve) => {
        thread.once('exit', () => resolve());
      });
      thread.ref();
      thread.postMessage({ kind: 'close' } satisfies ToWriter);
      await ended;
    }
    this.state = 'closed';
  }

  private whyNot(): string {
    return this.state === 'closing' || this.state === 'closed'
      ? 'The store is closed.'
      : 'The writer of the database is being restarted.';
  }

  /** Resolves when the thread is ready; rejects when it dies before. */
  private start(): Promise<void> {
    this.state = 'starting';
    const thread = this.options.startThread();
    this.thread = thread;
    return new Promise((resolve, reject) => {
      let cause: unknown = null;
      thread.on('error', (error) => {
        cause = error;
      });
      thread.on('exit', () => {
        reject(engineProblem(cause));
        this.onExit(cause);
      });
      thread.on('message', (message: FromWriter) => {
        if (message.kind === 'results') {
          this.onResults(message.results);
          return;
        }
        if (this.state === 'starting') {
          this.state = 'running';
          thread.unref();
        }
        resolve();
      });
    });
  }

  private planFlush(): void {
    if (this.flushPlanned) return;
    this.flushPlanned = true;
    // After this turn: what else arrived with it shares the transaction and the sync.
    void nextTurn().then(() => {
      this.flushPlanned = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.thread === null || this.inFlight.length > 0) return;
    const bulkMax = Math.max(limits.writerBulkMutations, this.bulk.mutations / limits.writerBulkShare);
    const bulk = this.bulk.take(Math.min(bulkMax, limits.writerGroupMutations));
    this.inFlight = [...this.urgent.take(limits.writerGroupMutations), ...bulk];
    if (this.inFlight.length === 0) return;
    // Someone waits for the disk: the process must not end before it answers.
    this.thread.ref();
    const requests = this.inFlight.map(({ request }) => request);
    this.thread.postMessage({ kind: 'group', requests } satisfies ToWriter);
  }

  private onResults(results: readonly WriteResult[]): void {
    const group = this.inFlight;
    this.inFlight = [];
    this.restarts = 0;
    group.forEach(({ resolve, reject }, index) => {
      const result = results[index];
      if (result?.ok === true) resolve(result);
      else reject(engineProblem(new Error(result?.reason ?? 'the writer did not answer')));
    });
    this.flush();
    if (this.inFlight.length > 0) return;
    if (this.state === 'running') this.thread?.unref();
    this.whenIdle?.();
  }

  private onExit(cause: unknown): void {
    this.thread = null;
    const everything = Number.POSITIVE_INFINITY;
    const lost = [...this.inFlight, ...this.urgent.take(everything), ...this.bulk.take(everything)];
    this.inFlight = [];
    for (const { reject } of lost) reject(engineProblem(cause));
    this.whenIdle?.();
    if (this.state === 'closing' || this.state === 'closed') return;
    const { clock, log } = this.options;
    const delayMs = jitteredBackoffMs(clock, this.restarts++, limits.writerRestartBaseMs, limits.writerRestartCapMs);
    this.state = 'down';
    log.error('the writer thread of the database ended', { error: cause, restartInMs: Math.round(delayMs) });
    this.restartTimer = clock.after(delayMs, () => {
      // A failed start ends in onExit again, which plans the next one.
      this.start().catch(() => undefined);
    });
  }
}
