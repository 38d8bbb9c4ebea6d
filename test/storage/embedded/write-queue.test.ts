import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { nextTurn } from '../../../src/clock.ts';
import { limits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/log.ts';
import {
  type FromWriter,
  packWrites,
  type PlainWrite,
  type ToWriter,
  type WriteRequest,
} from '../../../src/storage/embedded/write-protocol.ts';
import { WriteQueue } from '../../../src/storage/embedded/write-queue.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** A writer thread that answers when the test says so. */
class HeldWriter extends EventEmitter {
  /** The rows of each request of each group. */
  readonly groups: number[][] = [];

  constructor() {
    super();
    setImmediate(() => this.say({ kind: 'ready' }));
  }

  ref(): void {}
  unref(): void {}

  postMessage(message: ToWriter): void {
    if (message.kind === 'close') this.emit('exit');
    else this.groups.push(message.requests.map((request) => (request.kind === 'plain' ? request.writes.count : 0)));
  }

  /** The last group is durable. */
  async end(): Promise<void> {
    const results = (this.groups.at(-1) ?? []).map(() => ({ ok: true as const, done: true, existing: null }));
    this.say({ kind: 'results', results });
    await nextTurn();
  }

  private say(message: FromWriter): void {
    this.emit('message', message);
  }
}

async function openQueue(t: ExecutionContext) {
  const thread = new HeldWriter();
  const startThread = () => thread as unknown as Worker;
  const queue = await WriteQueue.open({ startThread, clock: new ManualClock(), log: silentLogger });
  t.teardown(async () => {
    const closed = queue.close();
    while (queue.depth > 0) await thread.end();
    await closed;
  });
  return { queue, thread };
}

function rows(count: number): WriteRequest {
  const writes = Array.from({ length: count }, (): PlainWrite => ({ kind: 'remove', table: 0, key: [] }));
  return { kind: 'plain', nowMs: 0, writes: packWrites(writes) };
}

const PART = limits.writerBulkMutations;

test('a command waits for one part of the bulk at most, and the bulk gets on with every group', async (t) => {
  const { queue, thread } = await openQueue(t);
  const bulk = [1, 2, 3].map(() => queue.submitBulk(rows(PART)));
  await nextTurn();
  t.deepEqual(thread.groups, [[PART]]);
  let answered = false;
  void queue.submit(rows(3)).then(() => {
    answered = true;
  });
  await nextTurn();
  await thread.end();
  t.deepEqual(thread.groups.at(-1), [3, PART]);
  t.false(answered);
  await thread.end();
  t.true(answered);
  t.deepEqual(thread.groups.at(-1), [PART]);
  await thread.end();
  await Promise.all(bulk);
  t.is(queue.depth, 0);
});

test('a single row of the bulk goes with what comes behind it', async (t) => {
  const { queue, thread } = await openQueue(t);
  for (const count of [1, PART, PART]) void queue.submitBulk(rows(count));
  await nextTurn();
  t.deepEqual(thread.groups, [[1, PART]]);
  while (queue.depth > 0) await thread.end();
  t.deepEqual(thread.groups, [[1, PART], [PART]]);
});

test('the more of the bulk waits, the more of it is in a group', async (t) => {
  const { queue, thread } = await openQueue(t);
  const parts = 4 * limits.writerBulkShare;
  for (let part = 0; part < parts; part++) void queue.submitBulk(rows(PART));
  await nextTurn();
  t.deepEqual(thread.groups, [[PART, PART, PART, PART]]);
  while (queue.depth > 0) await thread.end();
  t.is(thread.groups.flat().length, parts);
  t.true(thread.groups.every((group) => group.length >= 1 && group.length * PART <= limits.writerGroupMutations));
});
