/**
 * Says what has arrived: at once after 128 events or 32 KiB, else five seconds after the first not said yet. Cumulative. The
 * first time it comes sooner, by chance: the phones of everybody who follows an author would else all speak at the same event.
 */
import { clientLimits } from './limits.ts';
import type { Platform, Timer } from './platform.ts';

export class Acknowledger {
  private readonly platform: Platform;
  private readonly send: (seq: number) => void;
  private newest = 0;
  private waiting = 0;
  private bytes = 0;
  private timer: Timer | null = null;
  /** Of the events and bytes after which the next one is due. */
  private share = 1;

  constructor(platform: Platform, send: (seq: number) => void) {
    this.platform = platform;
    this.send = send;
    this.share = 1 - platform.random();
  }

  /** A frame of `count` events has been handed on, the last with number `seq`. */
  received(seq: number, count: number, bytes: number): void {
    this.newest = seq;
    this.waiting += count;
    this.bytes += bytes;
    const { ackEvents, ackBytes } = clientLimits;
    const due = this.waiting >= ackEvents * this.share || this.bytes >= ackBytes * this.share;
    if (due) this.flush();
    else this.timer ??= this.platform.after(clientLimits.ackDelayMs, () => this.flush());
  }

  flush(): void {
    this.timer?.cancel();
    this.timer = null;
    if (this.waiting === 0) return;
    this.waiting = 0;
    this.bytes = 0;
    this.share = 1;
    this.send(this.newest);
  }

  /** Nothing more is said: the connection has ended, or the numbering starts anew. */
  drop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.waiting = 0;
    this.bytes = 0;
    this.share = 1 - this.platform.random();
  }
}
