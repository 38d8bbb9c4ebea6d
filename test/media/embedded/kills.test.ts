/**
 * Random programs against the embedded job queue: jobs that succeed, fail and are given up on, time that passes, a file that
 * cannot be written for a while, and processes that are killed at any moment. The model knows only what happened:
 * which adds were acknowledged, and which jobs ended.
 */
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { type Job, Unretryable } from '../../../src/media/job-queue.ts';
import { settlePromises } from '../../support/manual-clock.ts';
import { type JobProcess, startJobs } from './job-process.ts';

interface Added {
  readonly key: string;
  /** How many jobs had ended when it was added. */
  readonly at: number;
  isKept: boolean;
}

const STEP = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      key: fc.integer({ min: 0, max: 4 }),
      priority: fc.constantFrom('interactive' as const, 'background' as const),
      delayMs: fc.constantFrom(0, 0, 20),
      /** Tries that fail: three are all it has. */
      failures: fc.constantFrom(0, 0, 0, 1, 2, 3),
      tookMs: fc.constantFrom(0, 10, 150, 500),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 30, 199, 200, 1_500) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('break' as const), isBroken: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'kill' as const }) },
);
type Step = typeof STEP extends fc.Arbitrary<infer Made> ? Made : never;

class Model {
  readonly added: Added[] = [];
  readonly ended: string[] = [];
  kills = 0;
  private readonly t: ExecutionContext;
  private readonly endings = new Map<unknown, number>();

  constructor(t: ExecutionContext) {
    this.t = t;
  }

  work(process: JobProcess): void {
    const life = this.kills;
    const running = new Set<string>();
    const handler = async (job: Job): Promise<void> => {
      this.t.false(running.has(job.key), 'no key runs twice at once');
      running.add(job.key);
      await new Promise<void>((resolve) => process.clock.after(Number(job.data['tookMs']), resolve));
      // A killed process does nothing any more.
      if (life !== this.kills) return new Promise(() => undefined);
      running.delete(job.key);
      if (Number(job.data['failures']) >= job.attempt) throw new (job.attempt === 1 ? Error : Unretryable)('no luck');
      this.end(job);
    };
    process.queue.work('media', handler, { concurrency: 2, onParked: async (job) => this.end(job) });
  }

  add(process: JobProcess, { key, failures, tookMs, priority, delayMs }: Extract<Step, { kind: 'add' }>): void {
    const life = this.kills;
    const added: Added = { key: `key-${key}`, at: this.ended.length, isKept: false };
    const data = { id: this.added.length, failures, tookMs };
    this.added.push(added);
    process.queue.add('media', added.key, data, { priority, delayMs }).then(
      () => {
        if (life === this.kills) added.isKept = true;
      },
      () => undefined,
    );
  }

  check(): void {
    for (const { key, at, isKept } of this.added) {
      if (isKept) this.t.true(this.ended.slice(at).includes(key), `${key} was acknowledged and has ended since`);
    }
    for (const count of this.endings.values()) {
      this.t.true(count <= 1 + this.kills, 'a job ends once, and once more for each process that was killed');
    }
  }

  private end(job: Job): void {
    this.ended.push(job.key);
    this.endings.set(job.data['id'], (this.endings.get(job.data['id']) ?? 0) + 1);
  }
}

async function run(t: ExecutionContext, steps: readonly Step[]): Promise<void> {
  const model = new Model(t);
  let process = await startJobs();
  model.work(process);
  for (const step of steps) {
    if (step.kind === 'add') model.add(process, step);
    else if (step.kind === 'pass') await process.clock.advanceAsync(step.ms);
    else if (step.kind === 'break') process.broken = step.isBroken;
    else {
      await settlePromises();
      model.kills++;
      process = await process.killed();
      model.work(process);
    }
  }
  process.broken = false;
  for (let second = 0; second < 60 && (await process.queue.depth('media')) > 0; second++) {
    await process.clock.advanceAsync(1_000);
  }
  t.is(await process.queue.depth('media'), 0);
  model.check();
  await process.dispose();
}

test('whatever fails and whenever a process is killed, every acknowledged job ends, and none twice for another reason', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 1, maxLength: 40, size: 'max' }), (steps) => run(t, steps)),
    { numRuns: 200 },
  );
});
