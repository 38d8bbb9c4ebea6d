/** The actor scenario's process: the product's live room and mailboxes without a network, or the same made in another way. */
import { UserMailboxes } from '../../src/actors/user-mailboxes.ts';
import type { TimelineEntry } from '../../src/actors/live/live-events.ts';
import { LiveNode } from '../../src/actors/live/live-node.ts';
import type { LogEvent } from '../../src/actors/event.ts';
import { systemClock } from '../../src/clock.ts';
import { composeId, eventId, type PostId, type PublishId, type UserId } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/log.ts';
import { inGroups } from '../../src/parallel.ts';
import { serveCalls } from '../harness/calls.ts';
import { cpuSeconds } from '../harness/process-figures.ts';
import { NactActors } from '../peers/nact-actors.ts';
import { PlainActors } from '../peers/plain-actors.ts';
import { collectGarbage } from '../peers/server-calls.ts';

export type ActorKind = 'product' | 'plain objects' | 'nact';

export type ActorCalls = {
  /** Bytes per actor: heap and buffers after collection, with a full timeline and `logEvents` events. */
  memory: { input: { kind: ActorKind; actors: number; logEvents: number }; output: number };
  /** Per CPU second. */
  activation: { input: { kind: ActorKind; actors: number }; output: number };
  tell: { input: { kind: ActorKind; actors: number; messages: number }; output: number };
  ask: { input: { kind: Exclude<ActorKind, 'plain objects'>; actors: number; messages: number }; output: number };
};

const POSTS = 20_000;
const AUTHORS = 1_000;
const FOLLOWED = 20;
const ASKS_AT_ONCE = 100;
const BASE_MS = 1_750_000_000_000;

const id = <Id extends UserId | PostId | PublishId>(slot: number, number: number): Id =>
  composeId(BASE_MS + Math.floor(number / 4096), slot, number % 4096) as Id;
const userOf = (number: number): UserId => id<UserId>(1, number);
const authorOf = (number: number): UserId => id<UserId>(2, number);

const posts: TimelineEntry[] = Array.from({ length: POSTS }, (_, number) => ({
  publishId: id<PublishId>(3, number),
  postId: id<PostId>(4, number),
  authorId: authorOf(number % AUTHORS),
}));

/** Made before anything is measured: making an id costs more than telling an actor. */
function users(count: number): UserId[] {
  return Array.from({ length: count }, (_, actor) => userOf(actor));
}

function event(number: number): LogEvent {
  const dataJson = JSON.stringify({ caption: 'x'.repeat(200) });
  return { id: eventId('post.new', id<PostId>(5, number)), type: 'post.new', atMs: BASE_MS, dataJson };
}

function follows(actor: number): UserId[] {
  return Array.from({ length: FOLLOWED }, (_, number) => authorOf((actor * 7 + number * 3) % AUTHORS));
}

function entriesOf(actor: number): TimelineEntry[] {
  const start = (actor * 7) % (POSTS - limits.hotTimelineEntries);
  return posts.slice(start, start + limits.hotTimelineEntries).toReversed();
}

interface Actors {
  activate(userIds: readonly UserId[]): Promise<void>;
  tell(userId: UserId, event: LogEvent): void;
  /** What was told is in the logs. */
  settled(): Promise<void>;
  close(): void;
}

/** `full`: with a timeline and people followed; else activation without any of it. */
function makeActors(kind: ActorKind, full: boolean): Actors {
  if (kind !== 'product') return makePeer(kind === 'nact' ? new NactActors() : new PlainActors(), full);
  let read = 0;
  const state = { unreadNotifications: 0 };
  const source = {
    followedAuthors: async () => (full ? follows(read) : []),
    newestEntries: async () => (full ? entriesOf(read++) : []),
    state: async () => state,
  };
  const node = LiveNode.open({ clock: systemClock, limits, source, log: silentLogger });
  return {
    async activate(userIds) {
      for (const group of inGroups(userIds, limits.activationsConcurrent)) {
        await Promise.all(group.map((userId) => node.activate(userId)));
      }
    },
    tell: (userId, told) => node.deliver(userId, told, null),
    settled: async () => undefined,
    close: () => node.close(),
  };
}

function makePeer(peer: PlainActors | NactActors, full: boolean): Actors {
  return {
    async activate(userIds) {
      for (const [actor, userId] of userIds.entries()) {
        peer.activate(userId, full ? entriesOf(actor) : [], full ? follows(actor) : []);
      }
    },
    tell: (userId, { id: eventName, type, dataJson }) => peer.tell(userId, { id: eventName, type, data: dataJson }),
    settled: () => peer.settled(),
    close: () => peer.close(),
  };
}

function heldBytes(): number {
  const { heapBytes, externalBytes } = collectGarbage();
  return heapBytes + externalBytes;
}

async function memory(kind: ActorKind, actors: number, logEvents: number): Promise<number> {
  const before = heldBytes();
  const made = makeActors(kind, true);
  // The ids are the actors' own: they are part of what one costs.
  const userIds = users(actors);
  await made.activate(userIds);
  for (let number = 0; number < logEvents; number++) {
    const told = event(number);
    for (const userId of userIds) made.tell(userId, told);
    await made.settled();
  }
  userIds.length = 0;
  const bytes = (heldBytes() - before) / actors;
  made.close();
  return bytes;
}

async function activation(kind: ActorKind, actors: number): Promise<number> {
  const made = makeActors(kind, false);
  const userIds = users(actors);
  const before = cpuSeconds(process.pid);
  await made.activate(userIds);
  const rate = actors / (cpuSeconds(process.pid) - before);
  made.close();
  return rate;
}

/** Every actor in turn is told the next of a few hundred events: in order, each ring bounded. */
async function tell(kind: ActorKind, actors: number, messages: number): Promise<number> {
  const made = makeActors(kind, false);
  const userIds = users(actors);
  await made.activate(userIds);
  const events = Array.from({ length: Math.ceil(messages / actors) }, (_, number) => event(number));
  const before = cpuSeconds(process.pid);
  for (const told of events) {
    for (const userId of userIds) made.tell(userId, told);
    await made.settled();
  }
  const rate = (events.length * actors) / (cpuSeconds(process.pid) - before);
  made.close();
  return rate;
}

/** A command and its answer: through a mailbox of the product's, or to an actor of the peer's. */
function askerOf(
  kind: Exclude<ActorKind, 'plain objects'>,
  userIds: readonly UserId[],
): (userId: UserId) => Promise<number> {
  if (kind === 'nact') {
    const peer = new NactActors();
    for (const userId of userIds) peer.activate(userId, [], []);
    return (userId) => peer.ask(userId);
  }
  const mailboxes = new UserMailboxes({ clock: systemClock, limits, onInvariant: () => undefined });
  return (userId) => mailboxes.run(userId, async () => 0);
}

async function ask(kind: Exclude<ActorKind, 'plain objects'>, actors: number, messages: number): Promise<number> {
  const userIds = users(actors);
  const askOne = askerOf(kind, userIds);
  const before = cpuSeconds(process.pid);
  for (let sent = 0; sent < messages; sent += ASKS_AT_ONCE) {
    const batch = Array.from({ length: ASKS_AT_ONCE }, (_, place) =>
      askOne(userIds[(sent + place) % actors] as UserId),
    );
    await Promise.all(batch);
  }
  return messages / (cpuSeconds(process.pid) - before);
}

serveCalls<ActorCalls>({
  memory: ({ kind, actors, logEvents }) => memory(kind, actors, logEvents),
  activation: ({ kind, actors }) => activation(kind, actors),
  tell: ({ kind, actors, messages }) => tell(kind, actors, messages),
  ask: ({ kind, actors, messages }) => ask(kind, actors, messages),
});
