/** What tests of the live room share: ids, events, a node with a quiet source, and a link that does as it is told. */
import type { ErrorCode } from '../../src/errors.ts';
import { eventId, type PostId, type PublishId, type SessionId, type UserId } from '../../src/ids.ts';
import { type Limits, limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/log.ts';
import type { EventType, LogEvent } from '../../src/actors/event.ts';
import type { ActivationSource, TimelineEntry } from '../../src/actors/live/live-events.ts';
import type { LiveMeasures } from '../../src/actors/live/live-measures.ts';
import { LiveNode } from '../../src/actors/live/live-node.ts';
import type {
  AttachRequest,
  EventBatch,
  LinkOutcome,
  LogPosition,
  SessionLink,
  SessionNotice,
  SessionState,
} from '../../src/actors/live/session.ts';
import { ManualClock } from './manual-clock.ts';

export function user(name: string): UserId {
  return name as UserId;
}

export function post(number: number): PostId {
  return `p${String(number).padStart(12, '0')}` as PostId;
}

export function event(number: number, type: EventType = 'post.new', dataJson = `{"n":${number}}`): LogEvent {
  return { id: eventId(type, post(number)), type, atMs: Date.UTC(2026, 0, 1), dataJson };
}

export function entry(number: number, author = 'author'): TimelineEntry {
  return {
    publishId: `u${String(number).padStart(12, '0')}` as PublishId,
    postId: post(number),
    authorId: user(author),
  };
}

export function attachRequest(userId: string, device = 'phone', resume: LogPosition | null = null): AttachRequest {
  return { userId: user(userId), sessionId: `s-${userId}` as SessionId, device, resume };
}

/** Whatever `fields` says, as a batch. */
export function batchOf(fields: Omit<EventBatch, 'writeEpoch' | 'deflated'> & Partial<EventBatch>): EventBatch {
  const writeEpoch = (target: Uint8Array, offset: number): void => target.set(Buffer.from(fields.epoch), offset);
  return { deflated: null, writeEpoch, ...fields };
}

export interface ReceivedBatch extends Omit<EventBatch, 'writeEpoch'> {
  readonly ids: readonly string[];
}

/** Records what it is sent. `outcomes` are used up one by one; then everything is `sent`. */
export class ScriptedLink implements SessionLink {
  readonly batches: ReceivedBatch[] = [];
  readonly notices: SessionNotice[] = [];
  readonly closed: ErrorCode[] = [];
  outcomes: LinkOutcome[] = [];
  onClose: () => void = () => {};

  sendEvents(batch: EventBatch): LinkOutcome {
    const outcome = this.outcomes.shift() ?? 'sent';
    if (outcome === 'dropped') return outcome;
    const events = JSON.parse(`[${batch.eventsJson.toString()}]`) as { id: string }[];
    const { epoch, seq, count, cursor, eventsJson, deflated } = batch;
    this.batches.push({ epoch, seq, count, cursor, eventsJson, deflated, ids: events.map((each) => each.id) });
    return outcome;
  }

  notify(notice: SessionNotice): LinkOutcome {
    const outcome = this.outcomes.shift() ?? 'sent';
    if (outcome !== 'dropped') this.notices.push(notice);
    return outcome;
  }

  close(code: ErrorCode): void {
    this.closed.push(code);
    this.onClose();
  }

  /** Ids of all events, in the order they came. */
  get ids(): string[] {
    return this.batches.flatMap((batch) => batch.ids);
  }

  get lastSeq(): number {
    const last = this.batches.at(-1);
    return last === undefined ? 0 : last.seq + last.count - 1;
  }
}

/** A source whose answers are set by the test, counting its reads. */
export class ScriptedSource implements ActivationSource {
  readonly followed = new Map<string, string[]>();
  readonly entries = new Map<string, TimelineEntry[]>();
  unreadNotifications = 0;
  reads = 0;
  /** How often entries were asked for. */
  entryReads = 0;
  /** Awaited by every read: a test holds reads back with it, or makes them fail. */
  gate: () => Promise<void> = async () => {};

  async followedAuthors(userId: UserId): Promise<readonly UserId[]> {
    this.reads++;
    const found = (this.followed.get(userId) ?? []).map(user);
    await this.gate();
    return found;
  }

  async newestEntries(userId: UserId): Promise<readonly TimelineEntry[]> {
    this.entryReads++;
    const found = this.entries.get(userId) ?? [];
    await this.gate();
    return found;
  }

  async state(): Promise<SessionState> {
    const state = { unreadNotifications: this.unreadNotifications };
    await this.gate();
    return state;
  }
}

export interface LiveFixture {
  readonly clock: ManualClock;
  readonly source: ScriptedSource;
  readonly node: LiveNode;
  /** What the node reported of itself. */
  readonly reports: string[];
  /** Lets one flush window pass. */
  flush(): void;
}

/** `seed`: of the clock’s chance. */
export function liveFixture(changed: Partial<Limits> = {}, seed = 1): LiveFixture {
  const clock = new ManualClock({ seed });
  const source = new ScriptedSource();
  const bounds = { ...limits, ...changed };
  const reports: string[] = [];
  const measures: LiveMeasures = {
    sent: (events) => void reports.push(`sent ${events}`),
    acknowledged: (events, ageMs) => void reports.push(`acknowledged ${events} after ${ageMs}`),
    fellBehind: () => void reports.push('fell behind'),
    attached: (mode) => void reports.push(mode),
  };
  const node = LiveNode.open({ clock, limits: bounds, source, log: silentLogger, measures });
  return { clock, source, node, reports, flush: () => clock.advance(bounds.flushWindowMs) };
}

export const AUTHOR = user('author');

/** A device of somebody who follows `author`. */
export async function attached(fixture: LiveFixture, name = 'rita', device = 'phone') {
  fixture.source.followed.set(name, ['author']);
  const link = new ScriptedLink();
  const session = await fixture.node.attach(attachRequest(name, device), link);
  link.onClose = () => fixture.node.detach(session.index);
  return { link, ...session };
}

/** Numbered events of `author`. */
export function broadcast(fixture: LiveFixture, from: number, to = from): void {
  for (let number = from; number <= to; number++) fixture.node.broadcast(AUTHOR, event(number), entry(number));
}
