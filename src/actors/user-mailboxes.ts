/**
 * The mailboxes of one node. A mailbox exists only while something runs or waits in it.
 *
 * Must hold: a user's tasks never overlap; a caller waits at most `commandTimeoutMs`, queueing included; a task whose
 * caller gave up before it started never starts.
 */
import type { Clock, Timer } from '../clock.ts';
import { InvariantViolation, Problem } from '../errors.ts';
import type { UserId } from '../ids.ts';
import type { Limits } from '../limits.ts';
import type { Mailboxes } from './mailboxes.ts';

const COMPACTED_FROM = 1024;

interface Command {
  readonly userId: UserId;
  readonly start: () => Promise<void>;
  readonly expire: () => void;
  readonly deadlineMs: number;
  settled: boolean;
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
  /** Commands in order of arrival, which is the order of their deadlines: one timer serves them all. */
  private deadlines: Command[] = [];
  private unsettled = 0;
  private timer: Timer | null = null;

  constructor(parts: MailboxParts) {
    this.parts = parts;
  }

  /** Users with something running or waiting. */
  get size(): number {
    return this.boxes.size;
  }

  /** Commands whose deadline is kept, settled ones not yet let go included. */
  get watched(): number {
    return this.deadlines.length;
  }

  run<Result>(userId: UserId, task: () => Promise<Result>): Promise<Result> {
    const box = this.boxes.get(userId);
    if (box !== undefined && box.waiting.length >= this.parts.limits.mailboxDepth) {
      return Promise.reject(new Problem('overloaded'));
    }
    return new Promise<Result>((resolve, reject) => {
      const command: Command = {
        userId,
        deadlineMs: this.parts.clock.monotonic() + this.parts.limits.commandTimeoutMs,
        settled: false,
        start: async () => {
          try {
            resolve(await task());
          } catch (error) {
            reject(error);
            if (error instanceof InvariantViolation) this.parts.onInvariant(userId);
          }
        },
        expire: () => reject(new Problem('timeout')),
      };
      this.watch(command);
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
      if (command.settled) continue;
      await command.start();
      this.settle(command);
    }
    this.boxes.delete(first.userId);
  }

  private watch(command: Command): void {
    this.unsettled++;
    this.deadlines.push(command);
    this.timer ??= this.parts.clock.after(this.parts.limits.commandTimeoutMs, () => this.expire());
    // At most as many settled ones as others are kept: a task that hangs does not make the list grow behind it.
    if (this.deadlines.length <= COMPACTED_FROM || this.deadlines.length < this.unsettled * 2) return;
    this.deadlines = this.deadlines.filter((kept) => !kept.settled);
  }

  private settle(command: Command): void {
    if (command.settled) return;
    command.settled = true;
    this.unsettled--;
  }

  private expire(): void {
    const now = this.parts.clock.monotonic();
    this.deadlines = this.deadlines.filter((command) => !command.settled);
    const late = this.deadlines.filter((command) => command.deadlineMs <= now);
    this.deadlines = this.deadlines.slice(late.length);
    for (const command of late) {
      this.settle(command);
      command.expire();
    }
    const next = this.deadlines[0];
    this.timer = next === undefined ? null : this.parts.clock.after(next.deadlineMs - now, () => this.expire());
  }
}
