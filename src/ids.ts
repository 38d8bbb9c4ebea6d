/**
 * Ids: 64-bit, time-ordered (Snowflake layout), carried as 13 lower-case Crockford base32 characters.
 *
 *   0        41 bits milliseconds since EPOCH_MS         10 bits slot   12 bits sequence
 *   |----------------------------------------------------|--------------|--------------|
 *
 * Text order = number order = time order. A generator never repeats and never goes back, whatever its clock does.
 */
import type { Clock } from './clock.ts';
import { invariant, Problem } from './errors.ts';

declare const brand: unique symbol;
export type Branded<Name extends string> = string & { readonly [brand]: Name };

export type UserId = Branded<'UserId'>;
export type PostId = Branded<'PostId'>;
/** Stamped when a post goes live; lists sort by it, newest first. */
export type PublishId = Branded<'PublishId'>;
/** Stamped when an event is written for its receiver; the inbox sorts by it. */
export type ArrivalId = Branded<'ArrivalId'>;
export type MediaId = Branded<'MediaId'>;
export type CommentId = Branded<'CommentId'>;
export type NotificationId = Branded<'NotificationId'>;
export type ActivityId = Branded<'ActivityId'>;
export type OutboxId = Branded<'OutboxId'>;
export type SessionId = Branded<'SessionId'>;
export type JobId = Branded<'JobId'>;
/** What happened, e.g. `post.new:<postId>`: the same for the live, the caught-up and the reconciled copy. */
export type EventId = Branded<'EventId'>;

type AnyId =
  | UserId
  | PostId
  | PublishId
  | ArrivalId
  | MediaId
  | CommentId
  | NotificationId
  | ActivityId
  | OutboxId
  | SessionId
  | JobId;

/** 2024-01-01T00:00:00Z: ids last until 2093. */
export const EPOCH_MS = 1_704_067_200_000;
export const ID_LENGTH = 13;
export const NODE_SLOTS = 1024;
const SEQUENCES = 4096;
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_PATTERN = /^[0-7][0-9a-hjkmnp-tv-z]{12}$/;

/** Character codes of the digits. */
const DIGITS = Uint8Array.from(ALPHABET, (digit) => digit.charCodeAt(0));
const LOW_DIGITS_OF_HIGH = 2 ** 30;

/** The id with the given parts. `timeMs` is wall time; before EPOCH_MS counts as EPOCH_MS. */
export function composeId<Id extends AnyId>(timeMs: number, slot: number, sequence: number): Id {
  const milliseconds = Math.max(0, Math.floor(timeMs) - EPOCH_MS);
  const high = milliseconds * 4 + (slot >>> 8);
  const top = Math.floor(high / LOW_DIGITS_OF_HIGH);
  const middle = high - top * LOW_DIGITS_OF_HIGH;
  const low = ((slot & 0xff) << 12) | sequence;
  // All digits in one call make one flat text; joined one by one they make a chain that whoever looks at it first must copy.
  return String.fromCharCode(
    digit(top, 10),
    digit(top, 5),
    digit(top, 0),
    digit(middle, 25),
    digit(middle, 20),
    digit(middle, 15),
    digit(middle, 10),
    digit(middle, 5),
    digit(middle, 0),
    digit(low, 15),
    digit(low, 10),
    digit(low, 5),
    digit(low, 0),
  ) as Id;
}

function digit(bits: number, shift: number): number {
  return DIGITS[(bits >>> shift) & 31] ?? 0;
}

/** The smallest id of the given wall time: a bound for ranges. */
export function idAt<Id extends AnyId>(timeMs: number): Id {
  return composeId<Id>(timeMs, 0, 0);
}

/** Wall time in milliseconds at which the id was made. */
export function timeOfId(id: AnyId): number {
  let high = 0;
  for (let index = 0; index < 9; index++) high = high * 32 + ALPHABET.indexOf(id.charAt(index));
  return Math.floor(high / 4) + EPOCH_MS;
}

/** The text as an id, or null when it is not one. For everything that comes from outside. */
export function parseId<Id extends AnyId>(text: string): Id | null {
  return ID_PATTERN.test(text) ? (text as Id) : null;
}

export function eventId(type: string, subject: string): EventId {
  return `${type}:${subject}` as EventId;
}

/** Gives out ids of one node slot. The ceiling (see storage/node-slot.ts) is durable: no id is ever stamped above it. */
export class IdSource {
  private readonly clock: Pick<Clock, 'now'>;
  private readonly slot: number;
  private readonly ceilingMs: () => number;
  private lastMs: number;
  private sequence = 0;

  /** `floorMs`: ids are stamped strictly after it, so a clock that stepped back between two runs reissues nothing. */
  constructor(clock: Pick<Clock, 'now'>, slot: number, floorMs = 0, ceilingMs: () => number = () => Infinity) {
    invariant(Number.isInteger(slot) && slot >= 0 && slot < NODE_SLOTS, 'node slot out of range');
    this.clock = clock;
    this.slot = slot;
    this.ceilingMs = ceilingMs;
    this.lastMs = floorMs;
    this.sequence = SEQUENCES - 1;
  }

  /** Throws `unavailable` when the id would lie above the ceiling. */
  next<Id extends AnyId>(): Id {
    const now = this.clock.now();
    const sameMs = now <= this.lastMs && this.sequence + 1 < SEQUENCES;
    // More than 4,096 ids in a millisecond, or a clock behind: borrow from the future rather than wait or repeat.
    const stampMs = sameMs ? this.lastMs : Math.max(now, this.lastMs + 1);
    if (stampMs > this.ceilingMs()) {
      throw new Problem('unavailable', { detail: 'This node may not give out ids at the moment.' });
    }
    this.sequence = sameMs ? this.sequence + 1 : 0;
    this.lastMs = stampMs;
    return composeId<Id>(this.lastMs, this.slot, this.sequence);
  }

  /** The newest millisecond stamped so far. */
  get newestMs(): number {
    return this.lastMs;
  }
}

/** Hybrid logical clock for `lww` rows: microseconds, strictly increasing here, and never below one it was shown. */
export class RevisionSource {
  private readonly clock: Pick<Clock, 'now'>;
  private readonly offset: number;
  private last = 0;

  /**
   * `slot`: the node's. It moves the revisions of nodes that act in the same millisecond apart, since some engines settle a
   * tie column by column.
   */
  constructor(clock: Pick<Clock, 'now'>, slot = 0) {
    this.clock = clock;
    this.offset = slot % 1000;
  }

  next(): number {
    this.last = Math.max(this.clock.now() * 1000 + this.offset, this.last + 1);
    return this.last;
  }

  /**
   * Call with every revision that is read before it is overwritten: the next one will be higher by at least two. The one
   * right above is for writes that come late and must lose against any other, such as the completion of an upload.
   */
  observe(revision: number): void {
    if (revision >= this.last) this.last = revision + 1;
  }
}
