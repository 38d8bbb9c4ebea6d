import test from 'ava';
import fc from 'fast-check';
import { InvariantViolation } from '../../src/errors.ts';
import type { UserId } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';
import { UserMailboxes } from '../../src/actors/user-mailboxes.ts';
import { user } from '../support/live.ts';
import { ManualClock, settlePromises } from '../support/manual-clock.ts';

const RITA = user('rita');
const SAM = user('sam');

function fixture() {
  const clock = new ManualClock();
  const broken: UserId[] = [];
  const mailboxes = new UserMailboxes({ clock, limits, onInvariant: (userId) => broken.push(userId) });
  return { clock, broken, mailboxes };
}

test("a user's tasks run one at a time in order of arrival, other users' beside them", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ who: fc.constantFrom(RITA, SAM), delayMs: fc.nat(20), fails: fc.boolean() }), {
        maxLength: 40,
      }),
      async (tasks) => {
        const { clock, mailboxes } = fixture();
        const started = new Map<UserId, number[]>();
        const running = new Set<UserId>();
        let overlapped = false;
        const calls = tasks.map(({ who, delayMs, fails }, number) =>
          mailboxes.run(who, async () => {
            overlapped ||= running.has(who);
            running.add(who);
            started.set(who, [...(started.get(who) ?? []), number]);
            await new Promise<void>((resolve) => clock.after(delayMs, resolve));
            running.delete(who);
            if (fails) throw new Error('refused');
            return number;
          }),
        );
        const settled = Promise.allSettled(calls);
        await clock.advanceAsync(1000);
        const results = await settled;
        for (const order of started.values())
          t.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          );
        t.false(overlapped);
        t.is(mailboxes.size, 0);
        results.forEach((result, number) => {
          t.is(result.status, tasks[number]?.fails ? 'rejected' : 'fulfilled');
        });
      },
    ),
    { numRuns: 20 },
  );
});

test('a full mailbox refuses, and the other mailboxes do not notice', async (t) => {
  const { mailboxes } = fixture();
  let release = (): void => {};
  const held = mailboxes.run(RITA, () => new Promise<void>((resolve) => (release = resolve)));
  const waiting = Array.from({ length: limits.mailboxDepth }, () => mailboxes.run(RITA, async () => 1));
  await t.throwsAsync(
    mailboxes.run(RITA, async () => 1),
    { message: /overloaded/ },
  );
  t.is(await mailboxes.run(SAM, async () => 2), 2);
  release();
  await held;
  t.is((await Promise.all(waiting)).length, limits.mailboxDepth);
});

test('a caller waits no longer than the deadline; the next task starts when the late one has ended', async (t) => {
  const { clock, mailboxes } = fixture();
  let release = (): void => {};
  const ran: string[] = [];
  const late = mailboxes.run(RITA, async () => {
    await new Promise<void>((resolve) => (release = resolve));
    ran.push('late');
  });
  const queued = mailboxes.run(RITA, async () => ran.push('queued'));
  const both = Promise.all([
    t.throwsAsync(late, { message: /timeout/ }),
    t.throwsAsync(queued, { message: /timeout/ }),
  ]);
  await clock.advanceAsync(limits.commandTimeoutMs);
  await both;
  const next = mailboxes.run(RITA, async () => ran.push('next'));
  await settlePromises();
  t.deepEqual(ran, []);
  release();
  await next;
  t.deepEqual(ran, ['late', 'next'], 'whoever gave up before the start is not run');
});

test('a broken invariant is told, a refusal is not', async (t) => {
  const { broken, mailboxes } = fixture();
  await t.throwsAsync(mailboxes.run(RITA, () => Promise.reject(new Error('refused'))));
  t.deepEqual(broken, []);
  await t.throwsAsync(mailboxes.run(RITA, () => Promise.reject(new InvariantViolation('impossible'))));
  t.deepEqual(broken, [RITA]);
});

test('a task that hangs does not make anything grow behind it', async (t) => {
  const { mailboxes } = fixture();
  void mailboxes.run(RITA, () => new Promise<void>(() => {})).catch(() => {});
  for (let call = 0; call < 5000; call++) await mailboxes.run(SAM, async () => call);
  t.true(mailboxes.watched < 2048);
});
