/**
 * The mailboxes of one node. A mailbox exists only while something runs or waits in it.
 *
 * Must hold: a user's tasks never overlap; a caller waits at most `commandTimeoutMs`, queueing included; a task whose
 * caller gave up before it started never starts.
 */
import type { Clock } from '../clock.ts';
import { type Deadline, Deadlines } from '../deadlines.ts';
import { InvariantViolation, Problem } from '../errors.ts';
import type { UserId } from '../ids.ts';
import type { Limits } from '../limits.ts';
import type { Mailboxes } from './mailboxes.ts';

interface Command {
  readonly userId: UserId;
  readonly start: () => Promise<void>;
  readonly deadline: Deadline;
  /** Its caller gave up. */
  expired: boolean;
}

interface Mailbox {
  readonly waiting: Command[];
}

export interface MailboxParts {
  readonly clock: Clock;
  readonly limits: Limits;
  /** A task broke an invariant: what is held of that user is no longer trusted. */
  readonly onInvariant: (userId: UserId) => void;
}

export class UserMailboxes implements Mailboxes {
  private readonly parts: MailboxParts;
  private readonly boxes = new Map<UserId, Mailbox>();
  private readonly deadlines: Deadlines;

  constructor(parts: MailboxParts) {
    this.parts = parts;
    this.deadlines = new Deadlines(parts.clock, parts.limits.commandTimeoutMs);
  }

  /** Users with something running or waiting. */
  get size(): number {
    return this.boxes.size;
  }

  /** Commands whose deadline is kept, settled ones not yet let go included. */
  get watched(): number {
    return this.deadlines.kept;
  }

  run<Result>(userId: UserId, task: () => Promise<Result>): Promise<Result> {
    const box = this.boxes.get(userId);
    if (box !== undefined && box.waiting.length >= this.parts.limits.mailboxDepth) {
      return Promise.reject(new Problem('overloaded'));
    }
    return new Promise<Result>((resolve, reject) => {
      const command: Command = {
        userId,
        expired: false,
        deadline: this.deadlines.start(() => {
          command.expired = true;
          reject(new Problem('timeout'));
        }),
        start: async () => {
          try {
            resolve(await task());
          } catch (error) {
            reject(error);
            if (error instanceof InvariantViolation) this.parts.onInvariant(userId);
          }
        },
      };
      if (box !== undefined) {
        box.waiting.push(command);
        return;
      }
      const opened: Mailbox = { waiting: [] };
      this.boxes.set(userId, opened);
      void this.work(opened, command);
    });
  }

  private async work(box: Mailbox, first: Command): Promise<void> {
    for (let command: Command | undefined = first; command !== undefined; command = box.waiting.shift()) {
      if (command.expired) continue;
      await command.start();
      command.deadline.met();
    }
    this.boxes.delete(first.userId);
  }
}
