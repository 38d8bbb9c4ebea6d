/** What every `JobQueue` adapter must do (src/media/job-queue.ts). Bound in one call per adapter. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { type Job, type JobQueue, Unretryable } from '../../src/media/job-queue.ts';
import { waitFor } from '../support/wait-for.ts';

export interface OpenJobQueue {
  readonly queue: JobQueue;
  /** Closes the queue and opens the same jobs again. */
  reopen(): Promise<JobQueue>;
  /** A process on the same jobs that takes those of queue `media`, prints `ran <key>` and never ends them. The queue here is closed meanwhile. */
  startStuckWorker(): ChildProcess;
  dispose(): Promise<void>;
}

export interface JobQueueTuning {
  readonly attemptsMax: number;
  readonly backoffBaseMs: number;
  readonly waitingMax: number;
}

const TUNING: JobQueueTuning = { attemptsMax: 3, backoffBaseMs: 20, waitingMax: 500 };
const until = (probe: () => boolean | Promise<boolean>): Promise<boolean> => waitFor('the jobs', probe);
const BIG = { attemptsMax: 3, backoffBaseMs: 1, waitingMax: 100_000 };

export function jobQueueConformance(name: string, open: (tuning: JobQueueTuning) => Promise<OpenJobQueue>): void {
  const promise = (title: string, body: (t: ExecutionContext, at: OpenJobQueue) => Promise<void>): void => {
    test(`${name}: ${title}`, async (t) => {
      const at = await open(TUNING);
      try {
        await body(t, at);
      } finally {
        await at.dispose();
      }
    });
  };

  promise('an added job runs with its data, once, and is then gone', async (t, { queue }) => {
    const ran: Job[] = [];
    queue.work('media', async (job) => void ran.push(job), { concurrency: 2 });
    await queue.add('media', 'a', { text: 'ü', nested: [1, null] });
    await queue.add('fan-out', 'a', {});
    await until(async () => (await queue.depth('media')) === 0);
    t.deepEqual(ran, [{ key: 'a', data: { text: 'ü', nested: [1, null] }, attempt: 1 }]);
    t.is(await queue.depth('fan-out'), 1, 'queues are separate');
    await queue.add('media', 'a', {});
    await until(() => ran.length === 2);
    t.pass('a key may run again after it completed');
  });

  promise('a key that waits or runs is not added again', async (t, { queue }) => {
    await queue.add('media', 'a', { first: true });
    await queue.add('media', 'a', { first: false });
    t.is(await queue.depth('media'), 1);
    const ran: Job[] = [];
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const worker = queue.work('media', async (job) => (ran.push(job), gate), { concurrency: 4 });
    await until(() => ran.length === 1);
    await queue.add('media', 'a', {});
    t.is(await queue.depth('media'), 1);
    release();
    await until(async () => (await queue.depth('media')) === 0);
    await worker.close();
    t.deepEqual(
      ran.map((job) => job.data),
      [{ first: true }],
    );
  });

  promise('no more jobs than the stated concurrency are under way', async (t, { queue }) => {
    let active = 0;
    let most = 0;
    let done = 0;
    await Promise.all(Array.from({ length: 40 }, (_, index) => queue.add('media', `job-${index}`, {})));
    const handler = async (): Promise<void> => {
      most = Math.max(most, ++active);
      await new Promise((resolve) => setImmediate(resolve));
      active--;
      done++;
    };
    queue.work('media', handler, { concurrency: 3 });
    await until(() => done === 40);
    t.is(most, 3);
  });

  promise('interactive jobs go before background ones, each in order of arrival', async (t, { queue }) => {
    await queue.add('media', 'slow-1', {}, { priority: 'background' });
    await queue.add('media', 'slow-2', {}, { priority: 'background' });
    await queue.add('media', 'fast-1', {});
    await queue.add('media', 'fast-2', {}, { priority: 'interactive' });
    const ran: string[] = [];
    queue.work('media', async (job) => void ran.push(job.key), { concurrency: 1 });
    await until(() => ran.length === 4);
    t.deepEqual(ran, ['fast-1', 'fast-2', 'slow-1', 'slow-2']);
  });

  promise('a delayed job waits for its time, and does not hold up others', async (t, { queue }) => {
    const start = performance.now();
    const ran: [string, number][] = [];
    queue.work('media', async (job) => void ran.push([job.key, performance.now() - start]), { concurrency: 1 });
    await Promise.all([queue.add('media', 'later', {}, { delayMs: 120 }), queue.add('media', 'now', {})]);
    await until(() => ran.length === 2);
    t.deepEqual(
      ran.map(([key]) => key),
      ['now', 'later'],
    );
    t.true((ran[1]?.[1] ?? 0) >= 115);
  });

  promise('a job that fails is tried again after growing pauses, then parked with its reason', async (t, { queue }) => {
    const at: number[] = [];
    const told: string[] = [];
    queue.work(
      'media',
      async (job) => {
        at.push(performance.now());
        throw new Error(`no luck ${job.attempt}`);
      },
      { concurrency: 1, onParked: async (job, reason) => void told.push(`${job.key}: ${reason}`) },
    );
    await queue.add('media', 'a', { kept: true });
    await until(async () => (await queue.parked('media', 10)).length === 1);
    t.is(at.length, 3);
    const [first = 0, second = 0, third = 0] = at;
    t.true(second - first >= 9, 'half of the base at least');
    t.true(third - second >= 19, 'twice that');
    t.deepEqual(told, ['a: no luck 3']);
    const [parked] = await queue.parked('media', 10);
    t.like(parked, { key: 'a', data: { kept: true }, reason: 'no luck 3', attempts: 3 });
    t.is(await queue.depth('media'), 0);
  });

  promise('Unretryable parks at once; a parked job can be put back and starts afresh', async (t, { queue }) => {
    const attempts: number[] = [];
    let broken = true;
    queue.work(
      'media',
      async (job) => {
        attempts.push(job.attempt);
        if (broken) throw new Unretryable('never');
      },
      { concurrency: 1 },
    );
    await queue.add('media', 'a', {});
    await until(async () => (await queue.parked('media', 10)).length === 1);
    t.deepEqual(attempts, [1]);
    broken = false;
    t.true(await queue.retryParked('media', 'a'));
    t.false(await queue.retryParked('media', 'a'));
    await until(async () => attempts.length === 2 && (await queue.depth('media')) === 0);
    t.deepEqual(attempts, [1, 1]);
    t.deepEqual(await queue.parked('media', 10), []);
  });

  promise('adding a parked key starts it afresh, no longer parked', async (t, { queue }) => {
    let broken = true;
    queue.work(
      'media',
      async () => {
        if (broken) throw new Unretryable('never');
      },
      { concurrency: 1 },
    );
    await queue.add('media', 'a', {});
    await until(async () => (await queue.parked('media', 10)).length === 1);
    broken = false;
    await queue.add('media', 'a', {});
    await until(async () => (await queue.depth('media')) === 0);
    t.deepEqual(await queue.parked('media', 10), []);
  });

  promise('onParked that fails is called until it succeeds, and only then is the job parked', async (t, { queue }) => {
    let calls = 0;
    queue.work(
      'media',
      async () => {
        throw new Unretryable('never');
      },
      {
        concurrency: 1,
        onParked: async () => {
          if (++calls < 3) throw new Error('store away');
        },
      },
    );
    await queue.add('media', 'a', {});
    await until(async () => (await queue.parked('media', 10)).length === 1);
    t.is(calls, 3);
  });

  promise('a full queue refuses more, in words', async (t, { queue }) => {
    const adds = Array.from({ length: TUNING.waitingMax + 20 }, (_, index) => queue.add('media', `job-${index}`, {}));
    const outcomes = await Promise.allSettled(adds);
    t.is(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, TUNING.waitingMax);
    await t.throwsAsync(queue.add('fan-out', 'x', {}), { message: /^overloaded/ });
    queue.work('media', async () => undefined, { concurrency: 50 });
    await until(async () => (await queue.depth('media')) === 0);
    await t.notThrowsAsync(queue.add('fan-out', 'x', {}));
  });

  promise('a closed worker lets its job end and takes no other', async (t, { queue }) => {
    let release = (): void => undefined;
    let started = 0;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const worker = queue.work('media', async () => (started++, gate), { concurrency: 1 });
    await queue.add('media', 'a', {});
    await until(() => started === 1);
    await queue.add('media', 'b', {});
    const closed = worker.close();
    release();
    await closed;
    await queue.ping();
    t.is(started, 1);
    t.is(await queue.depth('media'), 1);
  });

  promise('a job that its closing worker interrupts is run again, and the try is not counted', async (t, at) => {
    const ran: Job[] = [];
    let { queue } = at;
    for (let start = 0; start < TUNING.attemptsMax + 1; start++) {
      let interrupt = (): void => undefined;
      const interrupted = new Promise<void>((_resolve, reject) => {
        interrupt = () => reject(new Error('the server is leaving'));
      });
      const worker = queue.work('media', async (job) => (ran.push(job), interrupted), { concurrency: 1 });
      if (start === 0) await queue.add('media', 'a', {});
      await until(() => ran.length === start + 1);
      const closed = worker.close();
      interrupt();
      await closed;
      queue = await at.reopen();
    }
    t.deepEqual(
      ran.map((job) => job.attempt),
      ran.map(() => 1),
    );
    t.deepEqual(await queue.parked('media', 10), []);
    t.is(await queue.depth('media'), 1);
  });

  promise('waiting, delayed and parked jobs outlive the process', async (t, at) => {
    const worker = at.queue.work(
      'media',
      async () => {
        throw new Unretryable('bad');
      },
      { concurrency: 1 },
    );
    await at.queue.add('media', 'parked', {});
    await until(async () => (await at.queue.parked('media', 1)).length === 1);
    await worker.close();
    await at.queue.add('media', 'waiting', { n: 1 });
    await at.queue.add('media', 'delayed', { n: 2 }, { delayMs: 30 });
    const queue = await at.reopen();
    t.is((await queue.parked('media', 1))[0]?.reason, 'bad');
    const ran: string[] = [];
    queue.work('media', async (job) => void ran.push(job.key), { concurrency: 1 });
    await until(() => ran.length === 2);
    t.deepEqual(ran, ['waiting', 'delayed']);
  });

  promise('a job whose process was killed in the middle runs again within 5 s, as its first try', async (t, at) => {
    await at.queue.add('media', 'a', { kept: true });
    await at.queue.close();
    const child = at.startStuckWorker();
    const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    t.is(line.toString().trim(), 'ran a');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const start = performance.now();
    const queue = await at.reopen();
    const ran: Job[] = [];
    queue.work('media', async (job) => void ran.push(job), { concurrency: 1 });
    await until(() => ran.length === 1);
    t.true(performance.now() - start < 5000);
    t.deepEqual(ran, [{ key: 'a', data: { kept: true }, attempt: 1 }]);
  });

  test(`${name}: in random programs no key runs twice at once, and every acknowledged job runs`, async (t) => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 5 }),
      priority: fc.constantFrom('interactive' as const, 'background' as const),
      delayMs: fc.constantFrom(0, 0, 0, 3),
      fails: fc.boolean(),
      pause: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const at = await open(BIG);
        const running = new Set<string>();
        const done = new Map<string, number>();
        let doubles = 0;
        const handler = async (job: Job): Promise<void> => {
          if (running.has(job.key)) doubles++;
          running.add(job.key);
          await new Promise((resolve) => setImmediate(resolve));
          running.delete(job.key);
          if (job.data['fails'] === true && job.attempt < 3) throw new Error('again');
          done.set(job.key, (done.get(job.key) ?? 0) + 1);
        };
        at.queue.work('media', handler, { concurrency: 3 });
        const adds = new Map<string, number>();
        const acknowledged: Promise<void>[] = [];
        for (const { key, fails, pause, ...options } of steps) {
          const name = `key-${key}`;
          adds.set(name, (adds.get(name) ?? 0) + 1);
          acknowledged.push(at.queue.add('media', name, { fails }, options));
          if (pause) await Promise.all(acknowledged);
        }
        await Promise.all(acknowledged);
        await until(async () => (await at.queue.depth('media')) === 0);
        await at.dispose();
        t.is(doubles, 0);
        for (const [name, count] of adds) {
          const runs = done.get(name) ?? 0;
          t.true(runs >= 1 && runs <= count, `${name}: ${runs} runs of ${count} adds`);
        }
      }),
      { numRuns: 20 },
    );
  });

  test(`${name}: ten thousand jobs added at once are taken in seconds`, async (t) => {
    const at = await open(BIG);
    const start = performance.now();
    await Promise.all(Array.from({ length: 10_000 }, (_, index) => at.queue.add('media', `job-${index}`, { index })));
    const addedMs = performance.now() - start;
    let done = 0;
    at.queue.work('media', async () => void done++, { concurrency: 100 });
    await until(async () => done === 10_000 && (await at.queue.depth('media')) === 0);
    t.log(`added in ${Math.round(addedMs)} ms, all done after ${Math.round(performance.now() - start)} ms`);
    t.true(performance.now() - start < 10_000);
    await at.dispose();
  });
}
