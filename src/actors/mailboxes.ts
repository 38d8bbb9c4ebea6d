/** One mailbox per user: commands of a user run one at a time, in order of arrival, bounded, with a deadline. */
import type { UserId } from '../ids.ts';

export interface Mailboxes {
  /**
   * Runs `task` after every earlier task of that user. Rejects with `overloaded` when the mailbox is full and with
   * `timeout` when the task takes longer than `limits.commandTimeoutMs` (its outcome is then unknown, and the next task
   * starts only when it has ended). An `InvariantViolation` ends that user's activation.
   */
  run<Result>(userId: UserId, task: () => Promise<Result>): Promise<Result>;
}
