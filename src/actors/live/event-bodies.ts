/**
 * The bodies of log events, each encoded once per node and shared by every ring that holds it. A body whose post is
 * withdrawn is a `nop` from then on, in all rings at once: their numbers stay, what it said is gone.
 */
import type { Clock } from '../../clock.ts';
import { invariant } from '../../errors.ts';
import { type ArrivalId, type EventId, idAt, type PostId } from '../../ids.ts';
import type { Limits } from '../../limits.ts';
import type { EventType, LogEvent } from '../event.ts';
import { HandleTable, NO_HANDLE } from './handle-table.ts';

export interface EventBody {
  readonly id: EventId;
  /** Post that the event shows and with which it vanishes; null for others. */
  readonly postId: PostId | null;
  /** Counts up with every body made on this node. */
  readonly number: number;
  /** When this node first heard of the event. */
  readonly createdAtMs: number;
  /** What a client that knows everything up to this event may catch up from; see EventLogs. */
  readonly cursor: string;
  /** `{"id":…,"type":…,"at":…,"data":…}`, UTF-8; that of a `nop` once withdrawn. */
  json: Buffer;
}

/** Event ids are `type:subject`; of these types the subject begins with the post's id. */
const SHOWING_A_POST: ReadonlySet<EventType> = new Set(['post.new', 'post.updated', 'media.ready', 'media.failed']);

export class EventBodies {
  private readonly clock: Pick<Clock, 'now'>;
  private readonly limits: Limits;
  private readonly table: HandleTable<EventBody>;
  private readonly byPost = new Map<PostId, number[]>();
  private heldBytes = 0;
  private made = 0;

  constructor(clock: Pick<Clock, 'now'>, limits: Limits) {
    this.clock = clock;
    this.limits = limits;
    this.table = new HandleTable((body) => body.id, limits.eventBodiesMax);
  }

  get size(): number {
    return this.table.size;
  }

  /** Number of the newest body. */
  get newestNumber(): number {
    return this.made;
  }

  find(id: EventId): number {
    return this.table.find(id);
  }

  /** A handle with one reference for the caller; NO_HANDLE when the bound on bodies is reached. */
  acquire(event: LogEvent): number {
    const known = this.table.find(event.id);
    if (known !== NO_HANDLE) {
      this.table.retain(known);
      return known;
    }
    const json = encode(event);
    invariant(json.length <= this.limits.eventBytesMax, 'an event larger than a frame may carry');
    if (this.table.full || this.heldBytes + json.length > this.limits.eventBodiesBytesMax) return NO_HANDLE;
    const createdAtMs = this.clock.now();
    const postId = shownPost(event);
    const cursor = cursorFrom(createdAtMs, this.limits.overlapMs);
    const handle = this.table.add({ id: event.id, postId, number: ++this.made, createdAtMs, cursor, json });
    this.heldBytes += json.length;
    if (postId !== null) this.noteBody(postId, handle);
    return handle;
  }

  get(handle: number): EventBody {
    return this.table.get(handle);
  }

  retain(handle: number, references = 1): void {
    this.table.retain(handle, references);
  }

  release(handle: number, references = 1): void {
    const freed = this.table.release(handle, references);
    if (freed === null) return;
    this.heldBytes -= freed.json.length;
    if (freed.postId === null) return;
    const bodies = this.byPost.get(freed.postId);
    if (bodies === undefined) return;
    // Nearly always the oldest, which stands first.
    bodies.splice(bodies.indexOf(handle), 1);
    if (bodies.length === 0) this.byPost.delete(freed.postId);
  }

  private noteBody(postId: PostId, handle: number): void {
    const bodies = this.byPost.get(postId);
    if (bodies === undefined) this.byPost.set(postId, [handle]);
    else bodies.push(handle);
  }

  /** Every body that shows the post becomes a `nop`. */
  withdraw(postId: PostId): void {
    for (const handle of this.byPost.get(postId) ?? []) {
      const body = this.table.get(handle);
      const nop = encodeNop(body.createdAtMs);
      this.heldBytes += nop.length - body.json.length;
      body.json = nop;
    }
  }
}

/**
 * The cursor of everything this node appended up to `atMs`: an inbox row older than it was acknowledged and delivered
 * before `atMs`, by the late-write rule.
 */
export function cursorFrom(atMs: number, overlapMs: number): string {
  return idAt<ArrivalId>(atMs - overlapMs);
}

function encode(event: LogEvent): Buffer {
  const at = new Date(event.atMs).toISOString();
  const head = `{"id":${JSON.stringify(event.id)},"type":"${event.type}","at":"${at}"`;
  return Buffer.from(`${head},"data":${event.dataJson}}`);
}

/** Clients ignore the type `nop`; its id is not one to remember. */
function encodeNop(atMs: number): Buffer {
  return Buffer.from(`{"id":"nop","type":"nop","at":"${new Date(atMs).toISOString()}","data":null}`);
}

/** The post that an event shows: the part of its id between the first colon and the next. */
export function shownPost(event: LogEvent): PostId | null {
  if (!SHOWING_A_POST.has(event.type)) return null;
  const start = event.id.indexOf(':') + 1;
  const end = event.id.indexOf(':', start);
  return (end < 0 ? event.id.slice(start) : event.id.slice(start, end)) as PostId;
}
