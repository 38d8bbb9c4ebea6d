/**
 * Picks the events of one frame and joins their bodies. Sessions with the same pending events get the same Buffer: one
 * event to ten thousand followers is joined once, and deflated once, and links can reuse what they made of it.
 *
 * Must hold: what was picked is known until the end of a turn, and joined buffers until the end of a flush: in between
 * other work may let bodies go, whose handles others get, and withdrawing a post changes bodies (then call `forget`).
 */
import { deflateSync } from 'node:zlib';
import type { Limits } from '../../limits.ts';
import type { EventBodies, EventBody } from './event-bodies.ts';
import type { EventLogs } from './event-log.ts';
import { lengthOfRun } from './event-run.ts';
import { NO_HANDLE } from './handle-table.ts';

const SLOTS = 64;
const COMMA = 0x2c;
const EMPTY = Buffer.alloc(0);
const OPENING_BRACKET = Buffer.from('[');
const CLOSING_BRACKET = Buffer.from(']');
/** For JSON of this kind the best costs nearly twice as much and saves a twentieth more. */
const DEFLATE_LEVEL = 1;

interface Joined {
  readonly bodies: readonly EventBody[];
  readonly json: Buffer;
  /** How many sessions would read it deflated. */
  readers: number;
  deflated: Buffer | null;
}

export class BatchBuilder {
  private readonly logs: EventLogs;
  private readonly bodies: EventBodies;
  private readonly deflateBytesMin: number;
  private readonly handles: Uint32Array;
  private readonly slots: (Joined | undefined)[] = Array.from({ length: SLOTS });
  private used = false;
  private hash = 0;
  /** Number of the run that was picked last, if just it was; 0 if it was something else. */
  private run = 0;
  /** Of the events picked last, once they were asked for. */
  private joined: Joined | null = null;
  /** Of the events picked last. */
  count = 0;
  bytes = 0;

  constructor(logs: EventLogs, bodies: EventBodies, limits: Limits) {
    this.logs = logs;
    this.bodies = bodies;
    this.deflateBytesMin = limits.deflateBytesMin;
    this.handles = new Uint32Array(limits.windowEvents);
  }

  /** Takes events from `seq` on, as many as both bounds allow; `seq` and what follows must be in the ring. */
  pick(actor: number, seq: number, countMax: number, bytesMax: number): void {
    const last = Math.min(this.logs.head(actor), seq + countMax - 1);
    this.joined = null;
    this.count = 0;
    this.bytes = 0;
    this.hash = 0;
    for (let at = seq; at <= last; at++) {
      const handle = this.logs.handleAt(actor, at);
      const bytes = this.bytes + this.bodies.get(handle).json.length + (this.count === 0 ? 0 : 1);
      if (bytes > bytesMax) break;
      this.handles[this.count++] = handle;
      this.bytes = bytes;
      this.hash = (Math.imul(this.hash, 31) + handle) | 0;
    }
    const run = this.logs.newestRun(actor);
    const isRun = lengthOfRun(run) === this.count && this.logs.head(actor) === seq + this.count - 1;
    this.run = isRun ? run : 0;
  }

  /**
   * Picks the events of the last pick again, if just these are pending and within both bounds: in a flush to thousands they
   * nearly always are. False if not: then nothing is picked.
   */
  pickAgain(actor: number, seq: number, countMax: number, bytesMax: number): boolean {
    const { count, logs } = this;
    if (count === 0 || count > countMax || this.bytes > bytesMax || logs.head(actor) !== seq + count - 1) return false;
    // The ring itself lies elsewhere for every actor, and is long out of the processor's cache.
    return (this.run !== 0 && logs.newestRun(actor) === this.run) || logs.holds(actor, seq, this.handles, count);
  }

  /** The picked bodies joined by commas; at least one must have been picked. */
  json(): Buffer {
    return this.joinedOnce().json;
  }

  /**
   * The array of the picked bodies, deflated; null where that is not worth it: for few bytes, and for the first who asks, who
   * may be the only one. Deflating costs what sending costs ten times, so it is for those who share it.
   */
  deflated(): Buffer | null {
    const joined = this.joinedOnce();
    if (joined.json.length < this.deflateBytesMin || ++joined.readers === 1) return null;
    joined.deflated ??= deflateSync(Buffer.concat([OPENING_BRACKET, joined.json, CLOSING_BRACKET]), {
      level: DEFLATE_LEVEL,
    });
    return joined.deflated;
  }

  /** Where a client continues that has the picked events and all before them. */
  cursor(): string {
    return this.bodies.get(this.handles[this.count - 1] ?? NO_HANDLE).cursor;
  }

  private joinedOnce(): Joined {
    this.joined ??= this.known() ?? this.remember();
    return this.joined;
  }

  private get slot(): number {
    return (this.hash ^ (this.hash >>> 16)) & (SLOTS - 1);
  }

  private known(): Joined | null {
    const known = this.slots[this.slot];
    return known !== undefined && this.matches(known.bodies) ? known : null;
  }

  private remember(): Joined {
    const bodies = Array.from(this.handles.subarray(0, this.count), (handle) => this.bodies.get(handle));
    const joined = { bodies, json: this.join(bodies), readers: 0, deflated: null };
    this.slots[this.slot] = joined;
    this.used = true;
    return joined;
  }

  /** Call when other work gets its turn: what was picked may be something else afterwards. */
  endTurn(): void {
    this.count = 0;
    this.run = 0;
    this.joined = null;
  }

  /** Call at the end of every flush. */
  forget(): void {
    this.endTurn();
    if (!this.used) return;
    this.slots.fill(undefined);
    this.used = false;
  }

  private matches(bodies: readonly EventBody[]): boolean {
    if (bodies.length !== this.count) return false;
    for (let at = 0; at < this.count; at++) {
      if (bodies[at] !== this.bodies.get(this.handles[at] ?? NO_HANDLE)) return false;
    }
    return true;
  }

  private join(bodies: readonly EventBody[]): Buffer {
    const [first, ...more] = bodies;
    if (first === undefined) return EMPTY;
    if (more.length === 0) return first.json;
    const joined = Buffer.allocUnsafe(this.bytes);
    let at = first.json.copy(joined, 0);
    for (const { json } of more) {
      joined[at++] = COMMA;
      at += json.copy(joined, at);
    }
    return joined;
  }
}
