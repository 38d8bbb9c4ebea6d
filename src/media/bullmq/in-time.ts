/** What Redis is asked for, in bounded time: `unavailable` when it is away or does not answer. */
import type { Clock } from '../../clock.ts';
import { InvariantViolation, Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';

export async function inTime<Result>(clock: Clock, work: Promise<Result>): Promise<Result> {
  // It may fail after its time: nobody is interested then.
  work.catch(() => undefined);
  let tooLate = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    tooLate = () => reject(new Error('Redis did not answer in time'));
  });
  const timer = clock.after(limits.redisAnswerMs, tooLate);
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    if (error instanceof Problem || error instanceof InvariantViolation) throw error;
    throw new Problem('unavailable', { detail: 'The job queue cannot be used at the moment.', cause: error });
  } finally {
    timer.cancel();
  }
}
