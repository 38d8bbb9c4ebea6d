import test from 'ava';
import fc from 'fast-check';
import { type KnownJob, KnownJobs } from '../../../src/media/embedded/known-jobs.ts';

/** The rule in its simplest words: a list that is sorted again at every take. */
class Model {
  waiting: { job: KnownJob; since: number }[] = [];
  private count = 0;

  put(job: KnownJob): void {
    this.waiting.push({ job, since: job.dueAtMs > 0 ? Number.POSITIVE_INFINITY : this.count++ });
  }

  take(room: number, nowMs: number): KnownJob[] {
    const arrived = this.waiting.filter(({ job, since }) => since === Number.POSITIVE_INFINITY && job.dueAtMs <= nowMs);
    arrived.sort((one, other) => one.job.dueAtMs - other.job.dueAtMs);
    for (const entry of arrived) entry.since = this.count++;
    const due = this.waiting.filter(({ since }) => since !== Number.POSITIVE_INFINITY);
    due.sort((one, other) => one.job.priority - other.job.priority || one.since - other.since);
    const taken = due.slice(0, room);
    this.waiting = this.waiting.filter((entry) => !taken.includes(entry));
    return taken.map(({ job }) => job);
  }

  withdraw(count: number): KnownJob[] {
    return this.waiting.splice(0, count).map(({ job }) => job);
  }
}

const STEP = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('add' as const), priority: fc.nat(1), delayMs: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const), room: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('putBack' as const), delayMs: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'end' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), count: fc.nat(3) }) },
);

test('jobs are taken by priority, then by who was due first, whatever is put back or withdrawn in between', (t) => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 60 }), (steps) => {
      const jobs = new KnownJobs();
      const model = new Model();
      const active: KnownJob[] = [];
      let nowMs = 1;
      for (const [sequence, step] of steps.entries()) {
        if (step.kind === 'add') {
          const dueAtMs = step.delayMs > 0 ? nowMs + step.delayMs : 0;
          const shared = { queue: 'media' as const, key: `${sequence}`, sequence, priority: step.priority, dueAtMs };
          const job: KnownJob = { ...shared, place: 0, state: 'waiting', failures: 0, unwritten: null };
          jobs.add(job);
          model.put(job);
          t.is(jobs.find('media', job.key), job);
        } else if (step.kind === 'take') {
          const taken = jobs.take('media', step.room, nowMs);
          t.deepEqual(taken, model.take(step.room, nowMs));
          active.push(...taken);
        } else if (step.kind === 'pass') {
          nowMs += step.ms;
        } else if (step.kind === 'withdraw') {
          jobs.withdraw(model.withdraw(step.count));
        } else {
          const job = active.shift();
          if (job === undefined) continue;
          if (step.kind === 'end') jobs.remove(job);
          else {
            jobs.putBack(job, nowMs + step.delayMs, job.failures + 1);
            model.put(job);
          }
        }
        t.is(jobs.size, model.waiting.length + active.length);
        t.is(jobs.depth('media'), jobs.size);
        t.is(jobs.hasWaiting('media'), model.waiting.length > 0);
        t.true(active.every((job) => job.state === 'active'));
      }
    }),
  );
});
