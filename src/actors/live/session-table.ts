/**
 * Sessions as rows of numbers: no queue, no closure, nothing that grows while a phone is slow.
 *
 *   acked ≤ sent ≤ head of the actor's log; unacknowledgedBytes: at least those of the frames of (acked, sent]
 *
 * Must hold: an index is free only after `close` and never names two connections at once: a session that the live room
 * ended keeps its index, unlinked from its actor, until the link has detached.
 */
import { invariant } from '../../errors.ts';
import { Float64Column, Uint8Column, Uint32Column } from './columns.ts';
import type { SessionLink } from './session.ts';

/** The transport takes nothing more before `writable`. */
export const BLOCKED = 1;
/** Ended by the live room; waits for the link to detach. */
export const ENDED = 2;
/** State has changed and was not sent yet. */
export const STATE_DIRTY = 4;
/** Stands in the flush queue. */
export const QUEUED = 8;
/** The client was heard of since the last flush. */
export const HEARD = 16;
/** The client takes deflated events. */
export const READS_DEFLATED = 32;

const NONE = 0xffffffff;

export class SessionTable {
  readonly acked = new Uint32Column();
  readonly sent = new Uint32Column();
  readonly unacknowledgedBytes = new Uint32Column();
  /** Monotonic time since which something is owed to us: an acknowledgement, or room in the transport. */
  readonly waitingSince = new Float64Column();
  /** Head of the actor's log when the session was attached: what came later was live for it. */
  readonly headAtOpen = new Uint32Column();
  private readonly actors = new Uint32Column();
  private readonly flags = new Uint8Column();
  private readonly nextOfActor = new Uint32Column();
  private readonly firstOfActor = new Uint32Column();
  private readonly links: (SessionLink | undefined)[] = [];
  private readonly devices: string[] = [];
  private readonly freeIndexes: number[] = [];
  private linked = 0;
  private actorsWithSessions = 0;

  /** Sessions that are served. */
  get count(): number {
    return this.linked;
  }

  get attendedActors(): number {
    return this.actorsWithSessions;
  }

  /** Indexes ever used are below it. */
  get span(): number {
    return this.links.length;
  }

  /** Call when the actor begins. */
  openActor(actor: number): void {
    this.firstOfActor.begin(actor, NONE);
  }

  /** `seq`: what the client has already. */
  open(actor: number, device: string, link: SessionLink, seq: number): number {
    const index = this.freeIndexes.pop() ?? this.links.length;
    this.waitingSince.reserve(index);
    this.links[index] = link;
    this.devices[index] = device;
    this.actors.begin(index, actor);
    this.acked.begin(index, seq);
    this.sent.begin(index, seq);
    this.unacknowledgedBytes.begin(index, 0);
    this.headAtOpen.begin(index, seq);
    this.flags.begin(index, 0);
    const first = this.firstOfActor.get(actor);
    if (first === NONE) this.actorsWithSessions++;
    this.nextOfActor.begin(index, first);
    this.firstOfActor.set(actor, index);
    this.linked++;
    return index;
  }

  /** Takes the session off its actor; its index stays taken until `close`. */
  end(index: number): void {
    if (this.has(index, ENDED)) return;
    this.flags.set(index, ENDED);
    const actor = this.actors.get(index);
    this.linked--;
    if (this.firstOfActor.get(actor) === index) {
      this.firstOfActor.set(actor, this.nextOfActor.get(index));
      if (this.firstOfActor.get(actor) === NONE) this.actorsWithSessions--;
      return;
    }
    for (let at = this.firstOfActor.get(actor); at !== NONE; at = this.nextOfActor.get(at)) {
      if (this.nextOfActor.get(at) === index) this.nextOfActor.set(at, this.nextOfActor.get(index));
    }
  }

  close(index: number): void {
    invariant(this.links[index] !== undefined, 'a session is detached once');
    this.end(index);
    this.links[index] = undefined;
    this.devices[index] = '';
    this.freeIndexes.push(index);
  }

  /** Attached and not ended. */
  serves(index: number): boolean {
    return this.links[index] !== undefined && !this.has(index, ENDED);
  }

  knows(index: number): boolean {
    return this.links[index] !== undefined;
  }

  link(index: number): SessionLink {
    const link = this.links[index];
    invariant(link !== undefined, 'a detached session was used');
    return link;
  }

  actor(index: number): number {
    return this.actors.get(index);
  }

  has(index: number, flag: number): boolean {
    return (this.flags.get(index) & flag) !== 0;
  }

  raise(index: number, flag: number): void {
    this.flags.set(index, this.flags.get(index) | flag);
  }

  lower(index: number, flag: number): void {
    this.flags.set(index, this.flags.get(index) & ~flag);
  }

  isAttended(actor: number): boolean {
    return this.firstOfActor.get(actor) !== NONE;
  }

  /** The actor's sessions, newest first. For rare work: allocates. */
  ofActor(actor: number): number[] {
    const indexes: number[] = [];
    for (let at = this.firstOfActor.get(actor); at !== NONE; at = this.nextOfActor.get(at)) indexes.push(at);
    return indexes;
  }

  /** `visit` must not attach or detach. */
  forEachOfActor(actor: number, visit: (index: number) => void): void {
    for (let at = this.firstOfActor.get(actor); at !== NONE; at = this.nextOfActor.get(at)) visit(at);
  }

  deviceOf(index: number): string {
    return this.devices[index] ?? '';
  }
}
