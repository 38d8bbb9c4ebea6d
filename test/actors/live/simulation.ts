/**
 * Random life of one node: authors publish, fan-out writes inbox rows late and delivers, phones stall, drop, acknowledge,
 * reconnect, catch up. The model phone follows the protocol and nothing else: it drops doubles by id, catches up from its
 * own cursor only when it was told to, and resumes from its own position. At the end every phone must know every event
 * that was written for it. Everything comes from one seed.
 */
import { inflateSync } from 'node:zlib';
import { type ErrorCode, invariant } from '../../../src/errors.ts';
import { eventId, idAt, type PublishId, type UserId } from '../../../src/ids.ts';
import { type Limits, limits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/log.ts';
import type { LogEvent } from '../../../src/actors/event.ts';
import type { ActivationSource, TimelineEntry } from '../../../src/actors/live/live-events.ts';
import { LiveNode } from '../../../src/actors/live/live-node.ts';
import type {
  Attached,
  EventBatch,
  LinkOutcome,
  LogPosition,
  SessionLink,
  SessionNotice,
} from '../../../src/actors/live/session.ts';
import { attachRequest, post, user } from '../../support/live.ts';
import { ManualClock, settlePromises } from '../../support/manual-clock.ts';

/** Rules that can be broken on purpose, to see that the check notices. */
export type Fault =
  | 'none'
  | 'advance-on-dropped'
  | 'no-delivery-of-broadcast-events'
  | 'no-overlap'
  | 'lose-one-event'
  | 'announce-no-follows';

export interface SimulationResult {
  readonly problems: readonly string[];
  readonly delivered: number;
  readonly deflated: number;
  readonly modes: Readonly<Record<Attached['mode'] | 'notice', number>>;
  readonly closes: Readonly<Partial<Record<ErrorCode, number>>>;
}

interface InboxRow {
  readonly arrivalMs: number;
  readonly id: string;
}

const SMALL: Partial<Limits> = {
  logRingEvents: 12,
  windowEvents: 6,
  windowBytes: 900,
  eventsFrameBytesMax: 500,
  eventBytesMax: 300,
  deflateBytesMin: 1,
  hotTimelineEntries: 5,
  flushSessionsPerTurn: 3,
  sessionsPerUserMax: 2,
  recentBroadcasts: 30,
  residentActorsMax: 5,
  activationsConcurrent: 2,
};

const AUTHORS = ['ann', 'ben', 'cho'];
/** Of this author followers get no copies: readers find the posts in the author's own list. */
const PULLED = 'cho';
const READERS = ['rita', 'sam', 'tess', 'ann'];

type Frame =
  | { readonly kind: 'events'; readonly seq: number; readonly ids: readonly string[]; readonly cursor: string }
  | { readonly kind: 'notice'; readonly notice: SessionNotice };

/** One device of a reader: what a client written from the protocol's description would keep. */
class Phone implements SessionLink {
  readonly reader: string;
  readonly device: string;
  readonly known = new Set<string>();
  private readonly world: World;
  private readonly readsDeflated: boolean;
  /** Frames the network took and the phone has not read. */
  private inFlight: Frame[] = [];
  private index = -1;
  private connecting = false;
  position: LogPosition | null = null;
  cursor = '';
  needsCatchUp = false;
  private blocked = false;
  stalled = false;

  constructor(world: World, reader: string, device: string) {
    this.world = world;
    this.reader = reader;
    this.device = device;
    this.readsDeflated = reader !== 'ann';
  }

  get connected(): boolean {
    return this.index >= 0;
  }

  async connect(): Promise<void> {
    if (this.connected || this.connecting) return;
    this.connecting = true;
    try {
      const request = { ...attachRequest(this.reader, this.device, this.position), readsDeflated: this.readsDeflated };
      const attached = this.world.node.attachResident(request, this) ?? (await this.world.node.attach(request, this));
      this.index = attached.index;
      this.welcome(attached);
    } catch {
      // `overloaded` or `unavailable`: a later step tries again.
    } finally {
      this.connecting = false;
    }
  }

  private welcome(attached: Attached): void {
    this.world.modes[attached.mode]++;
    if (attached.mode === 'resumed') {
      this.world.check(attached.seq === this.position?.seq, 'resumed elsewhere than asked');
    } else {
      // A fresh phone has nothing, so whatever it loads must begin at the very start.
      if (attached.mode === 'fresh') this.cursor = '';
      this.needsCatchUp = true;
    }
    this.position = { epoch: attached.epoch, seq: attached.seq };
  }

  cut(): void {
    if (!this.connected) return;
    const index = this.index;
    this.index = -1;
    this.inFlight = [];
    this.blocked = false;
    this.world.node.detach(index);
  }

  close(code: ErrorCode): void {
    this.world.closes[code] = (this.world.closes[code] ?? 0) + 1;
    this.cut();
  }

  sendEvents(batch: EventBatch): LinkOutcome {
    this.world.check(!this.blocked, 'sent while blocked');
    this.world.check(batch.eventsJson.length <= (SMALL.eventsFrameBytesMax ?? 0), 'frame too large');
    this.world.check(this.readsDeflated || batch.deflated === null, 'deflated for whoever does not read it');
    if (batch.deflated !== null) this.world.deflated++;
    const json = batch.deflated === null ? `[${batch.eventsJson.toString()}]` : inflateSync(batch.deflated).toString();
    const events = JSON.parse(json) as { id: string }[];
    this.world.check(events.length === batch.count && batch.count > 0, 'count is not that of the events');
    const ids = events.map((each) => each.id);
    return this.take({ kind: 'events', seq: batch.seq, ids, cursor: batch.cursor });
  }

  notify(notice: SessionNotice): LinkOutcome {
    this.world.check(!this.blocked, 'notified while blocked');
    return this.take({ kind: 'notice', notice });
  }

  private take(frame: Frame): LinkOutcome {
    const dice = this.world.calm ? 0 : this.world.clock.random();
    const outcome = dice < 0.8 ? 'sent' : dice < 0.9 ? 'buffered' : 'dropped';
    if (outcome === 'dropped' && this.world.fault === 'advance-on-dropped') return 'sent';
    if (outcome !== 'dropped') this.inFlight.push(frame);
    if (outcome !== 'sent') this.blocked = true;
    return outcome;
  }

  drain(): void {
    if (!this.connected || !this.blocked) return;
    this.blocked = false;
    this.world.node.writable(this.index);
  }

  /** Reads what has come and acknowledges it. */
  read(): void {
    const frames = this.inFlight;
    this.inFlight = [];
    for (const frame of frames) {
      if (frame.kind === 'events') this.apply(frame);
      else if (frame.notice.kind === 'behind') {
        this.world.modes.notice++;
        this.needsCatchUp = true;
        this.position = { epoch: frame.notice.epoch, seq: frame.notice.seq };
      }
    }
    if (this.connected && this.position !== null && frames.length > 0) {
      this.world.check(
        this.world.node.acknowledge(this.index, this.position.seq),
        'a true acknowledgement was refused',
      );
    }
  }

  private apply(frame: Extract<Frame, { kind: 'events' }>): void {
    invariant(this.position !== null, 'events before the welcome');
    this.world.check(frame.seq === this.position.seq + 1, `a gap: ${frame.seq} after ${this.position.seq}`);
    for (const id of frame.ids) this.learn(id);
    this.position = { epoch: this.position.epoch, seq: frame.seq + frame.ids.length - 1 };
    // While it catches up, a phone keeps the older cursor: the newer one is not true for it yet.
    if (!this.needsCatchUp) this.cursor = frame.cursor;
  }

  private learn(id: string): void {
    if (id === 'nop') return;
    if (!this.known.has(id)) this.world.delivered++;
    this.known.add(id);
  }

  catchUp(): void {
    if (!this.needsCatchUp || !this.connected) return;
    const startMs = this.world.clock.now();
    const rows = this.world.inbox(this.reader).filter((row) => idAt(row.arrivalMs) >= this.cursor);
    for (const row of rows) this.learn(row.id);
    const newest = rows.reduce((latest, row) => Math.max(latest, row.arrivalMs), 0);
    this.cursor = idAt(Math.min(newest === 0 ? startMs : newest, startMs - limits.overlapMs));
    this.needsCatchUp = false;
  }
}

class World implements ActivationSource {
  readonly clock: ManualClock;
  readonly fault: Fault;
  readonly node: LiveNode;
  readonly phones: Phone[] = [];
  readonly problems: string[] = [];
  readonly modes = { fresh: 0, resumed: 0, behind: 0, notice: 0 };
  readonly closes: Partial<Record<ErrorCode, number>> = {};
  readonly withdrawn = new Set<string>();
  private readonly edges = new Map<string, Set<string>>();
  private readonly rows = new Map<string, InboxRow[]>();
  private published = 0;
  delivered = 0;
  deflated = 0;
  calm = false;

  constructor(seed: number, fault: Fault) {
    this.clock = new ManualClock({ seed });
    this.fault = fault;
    const bounds = { ...limits, ...SMALL, overlapMs: fault === 'no-overlap' ? 0 : limits.overlapMs };
    this.node = LiveNode.open({ clock: this.clock, limits: bounds, source: this, log: silentLogger });
    for (const reader of READERS) {
      this.edges.set(reader, new Set(this.clock.random() < 0.5 ? ['ann'] : ['ann', 'ben']));
      this.phones.push(new Phone(this, reader, 'phone'), new Phone(this, reader, 'tablet'));
    }
  }

  check(holds: boolean, problem: string): void {
    if (!holds) this.problems.push(problem);
  }

  inbox(reader: string): InboxRow[] {
    const rows = this.rows.get(reader) ?? [];
    this.rows.set(reader, rows);
    return rows;
  }

  private pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.clock.random() * items.length)];
    invariant(item !== undefined, 'nothing to pick from');
    return item;
  }

  private async readDelay(): Promise<void> {
    if (this.calm) return;
    await new Promise<void>((resolve) => this.clock.after(this.clock.random() * 3000, resolve));
    if (this.clock.random() < 0.1) throw new Error('the store is away');
  }

  async followedAuthors(userId: UserId): Promise<readonly UserId[]> {
    const found = [...(this.edges.get(userId) ?? [])].map(user);
    await this.readDelay();
    return found;
  }

  async newestEntries(): Promise<readonly TimelineEntry[]> {
    await this.readDelay();
    return [];
  }

  async state(): Promise<{ unreadNotifications: number }> {
    await this.readDelay();
    return { unreadNotifications: 0 };
  }

  publish(): void {
    const number = ++this.published;
    const author = this.pick(AUTHORS);
    const filler = 'x'.repeat(Math.floor(this.clock.random() * 150));
    const event: LogEvent = {
      id: eventId('post.new', post(number)),
      type: 'post.new',
      atMs: this.clock.now(),
      dataJson: JSON.stringify(filler),
    };
    const entry = { publishId: idAt<PublishId>(this.clock.now()), postId: post(number), authorId: user(author) };
    if (author === PULLED) {
      this.publishPulled(event, entry);
      return;
    }
    const isPublic = this.clock.random() < 0.8;
    const lost = this.fault === 'lose-one-event' && number % 40 === 0;
    if (isPublic && !lost) this.node.broadcast(user(author), event, entry);
    const copies = this.fault === 'no-delivery-of-broadcast-events' && isPublic ? 'rows' : 'rows-and-delivery';
    this.clock.after(this.clock.random() * 20_000, () => this.fanOut(author, event, lost ? 'rows' : copies));
    if (this.clock.random() < 0.03) this.clock.after(this.clock.random() * 60_000, () => this.withdraw(number));
  }

  /** Written once, then broadcast; nothing is delivered later. */
  private publishPulled(event: LogEvent, entry: TimelineEntry): void {
    const arrivalMs = this.clock.now();
    this.clock.after(this.clock.random() * 5000, () => {
      for (const [reader, followed] of this.edges) {
        if (followed.has(PULLED)) this.inbox(reader).push({ arrivalMs, id: event.id });
      }
      this.node.broadcast(user(PULLED), event, entry);
    });
  }

  private withdraw(number: number): void {
    this.withdrawn.add(eventId('post.new', post(number)));
    this.node.withdrawPost(post(number));
  }

  private fanOut(author: string, event: LogEvent, copies: 'rows' | 'rows-and-delivery'): void {
    for (const [reader, followed] of this.edges) {
      if (!followed.has(author)) continue;
      this.clock.after(this.clock.random() * 100_000, () => this.writeRow(reader, event, copies));
    }
  }

  private writeRow(reader: string, event: LogEvent, copies: 'rows' | 'rows-and-delivery'): void {
    const arrivalMs = this.clock.now();
    this.clock.after(this.clock.random() * limits.lateWriteMs, () => {
      this.inbox(reader).push({ arrivalMs, id: event.id });
      if (copies === 'rows-and-delivery') this.node.deliver(user(reader), event, null);
      // A rerun writes and delivers again.
      if (!this.calm && this.clock.random() < 0.1) this.writeRow(reader, event, copies);
    });
  }

  follow(): void {
    const reader = this.pick(READERS);
    const author = this.pick(AUTHORS);
    if (this.edges.get(reader)?.has(author)) return;
    if (this.fault !== 'announce-no-follows') this.node.setInterest(user(reader), user(author), true);
    this.clock.after(this.clock.random() * 5000, () => this.edges.get(reader)?.add(author));
  }

  act(): void {
    const phone = this.pick(this.phones);
    const dice = this.clock.random();
    if (dice < 0.4) this.publish();
    else if (dice < 0.5) void phone.connect();
    else if (dice < 0.54) phone.cut();
    else if (dice < 0.6) phone.stalled = !phone.stalled;
    else if (dice < 0.75) phone.drain();
    else if (dice < 0.8) phone.catchUp();
    else if (dice < 0.81) this.follow();
    else for (const each of this.phones) if (!each.stalled) each.read();
  }
}

export async function simulate(seed: number, steps: number, fault: Fault = 'none'): Promise<SimulationResult> {
  const world = new World(seed, fault);
  for (let step = 0; step < steps; step++) {
    world.act();
    if (world.clock.random() < 0.4) world.clock.advance(world.clock.random() * 500);
    if (world.clock.random() < 0.02) await world.clock.advanceAsync(world.clock.random() * 8000);
    // Long silence: actors are passivated, phones wait too long.
    if (world.clock.random() < 0.002) await world.clock.advanceAsync(400_000);
    if (step % 20 === 0) await settlePromises();
  }
  await quiesce(world);
  for (const phone of world.phones) {
    const missing = world
      .inbox(phone.reader)
      .filter((row) => !phone.known.has(row.id) && !world.withdrawn.has(row.id))
      .map((row) => row.id);
    world.check(missing.length === 0, `${phone.reader}/${phone.device} misses ${missing.join(' ')}`);
  }
  world.node.close();
  const { problems, delivered, deflated, modes, closes } = world;
  return { problems, delivered, deflated, modes, closes };
}

/** Everything that is under way ends; every phone connects, reads on and catches up, one user at a time. */
async function quiesce(world: World): Promise<void> {
  world.calm = true;
  for (const phone of world.phones) phone.stalled = false;
  for (let round = 0; round < 12; round++) {
    for (let spin = 0; spin < 30; spin++) {
      for (const phone of world.phones) {
        void phone.connect();
        phone.drain();
        phone.read();
      }
      await world.clock.advanceAsync(500);
    }
    for (const phone of world.phones) phone.catchUp();
  }
}
