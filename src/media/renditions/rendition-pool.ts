/** Decoding children, started when first needed and kept for the next photo: at most so many, with a bounded queue. */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { ReusedMemory } from '../../reused-memory.ts';
import { type Deliver, RenditionCrash, RenditionProcess } from './rendition-process.ts';

export interface RenditionPoolOptions {
  readonly clock: Clock;
  readonly workers?: number;
  readonly timeoutMs?: number;
  readonly memoryBytes?: number;
}

export class RenditionPool {
  private readonly clock: Clock;
  private readonly workers: number;
  private readonly timeoutMs: number;
  private readonly memoryBytes: number;
  private readonly memory = new ReusedMemory(limits.renditionBlockBytes, limits.renditionBlocksKept);
  private readonly idle: RenditionProcess[] = [];
  private readonly starting = new Set<RenditionProcess>();
  private readonly busy = new Set<RenditionProcess>();
  private readonly waiting: (() => void)[] = [];
  private taken = 0;
  private closed = false;

  constructor(options: RenditionPoolOptions) {
    this.clock = options.clock;
    this.workers = options.workers ?? limits.renditionWorkers;
    this.timeoutMs = options.timeoutMs ?? limits.renditionTimeoutMs;
    this.memoryBytes = options.memoryBytes ?? limits.renditionMemoryBytes;
  }

  /** Starts a child ahead of the first photo, which then does not wait for it. */
  async warm(): Promise<void> {
    await this.takeSlot();
    try {
      this.idle.push(await this.freshChild());
    } finally {
      this.giveSlot();
    }
  }

  /**
   * Delivers the widest JPEG first, then the rest, each after the one before was taken. Rejects with `PhotoRefused`,
   * `RenditionCrash`, what `deliver` rejected with, or a retryable `Problem` that is not about this photo.
   */
  async render(photo: Buffer, deliver: Deliver): Promise<void> {
    await this.takeSlot();
    try {
      const used = this.idleChild();
      if (used !== null && (await this.hasRendered(used, photo, deliver))) return;
      await this.renderIn(await this.freshChild(), photo, deliver);
    } finally {
      this.giveSlot();
    }
  }

  /** False if the child died without a sign of life: it may have been dead before it got the photo, which is then not to blame. */
  private async hasRendered(child: RenditionProcess, photo: Buffer, deliver: Deliver): Promise<boolean> {
    let delivered = false;
    try {
      await this.renderIn(child, photo, (rendition) => {
        delivered = true;
        return deliver(rendition);
      });
      return true;
    } catch (error) {
      if (error instanceof RenditionCrash && !delivered && !child.killed) return false;
      throw error;
    }
  }

  private async renderIn(child: RenditionProcess, photo: Buffer, deliver: Deliver): Promise<void> {
    this.busy.add(child);
    try {
      await child.render(photo, deliver);
    } catch (error) {
      // Killed because the server is leaving: another try is due, and not this photo's fault.
      if (this.closed) throw new Problem('unavailable', { cause: error });
      throw error;
    } finally {
      this.busy.delete(child);
      if (!child.dead && !this.closed && child.used < limits.renditionsPerProcess) this.idle.push(child);
      else child.kill('no longer needed');
    }
  }

  /** Process ids of the children that are decoding now. */
  decoding(): number[] {
    return [...this.busy].flatMap((child) => child.pid ?? []);
  }

  /** Ends every child at once. Photos under way are given back with a retryable `Problem`. */
  async close(): Promise<void> {
    this.closed = true;
    for (const child of [...this.idle.splice(0), ...this.starting, ...this.busy]) child.kill('the server is leaving');
    for (const wake of this.waiting.splice(0)) wake();
  }

  private idleChild(): RenditionProcess | null {
    for (let child = this.idle.pop(); child !== undefined; child = this.idle.pop()) if (!child.dead) return child;
    return null;
  }

  private async freshChild(): Promise<RenditionProcess> {
    const child = RenditionProcess.spawn({
      clock: this.clock,
      timeoutMs: this.timeoutMs,
      memoryBytes: this.memoryBytes,
      memoryPollMs: limits.renditionMemoryPollMs,
      memory: this.memory,
    });
    this.starting.add(child);
    const up = await child.ready().finally(() => this.starting.delete(child));
    if (up && !this.closed) return child;
    child.kill('no longer needed');
    throw new Problem('unavailable', { detail: 'Photos cannot be decoded now.' });
  }

  private async takeSlot(): Promise<void> {
    if (this.taken >= this.workers) {
      if (this.waiting.length >= limits.renditionsWaiting) throw new Problem('overloaded');
      // Whoever gives a slot hands it over: `taken` stays.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.taken++;
    if (!this.closed) return;
    this.giveSlot();
    throw new Problem('unavailable', { detail: 'The server is leaving.' });
  }

  private giveSlot(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.taken--;
    else next();
  }
}
