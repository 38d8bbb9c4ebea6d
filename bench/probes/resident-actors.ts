/**
 * What a resident actor costs, and how fast the live room is without a network: bytes per actor with a full timeline and
 * some log, per idle session, activations without I/O, one event to 10,000 sessions, mailbox runs.
 * Run: `node --expose-gc bench/probes/resident-actors.ts [actors]`.
 */
import { eventId, type PostId, type PublishId, type SessionId, type UserId } from '../../src/ids.ts';
import { systemClock } from '../../src/clock.ts';
import { limits } from '../../src/limits.ts';
import { silentLogger } from '../../src/log.ts';
import type { LogEvent } from '../../src/actors/event.ts';
import type { TimelineEntry } from '../../src/actors/live/live-events.ts';
import { LiveNode } from '../../src/actors/live/live-node.ts';
import type { Attached, SessionLink } from '../../src/actors/live/session.ts';
import { UserMailboxes } from '../../src/actors/user-mailboxes.ts';

const ACTORS = Number(process.argv[2] ?? 200_000);
const POSTS = 20_000;
const LOG_EVENTS = 16;
const FOLLOWED = 20;
const SESSIONS = 10_000;

function id<Id extends string>(prefix: string, number: number): Id {
  return (prefix + String(number).padStart(13 - prefix.length, '0')) as Id;
}

function posts(): TimelineEntry[] {
  return Array.from({ length: POSTS }, (_, number) => ({
    publishId: id<PublishId>('b', number),
    postId: id<PostId>('p', number),
    authorId: id<UserId>('a', number % 1000),
  }));
}

function event(number: number): LogEvent {
  const dataJson = JSON.stringify({ caption: 'x'.repeat(200) });
  return { id: eventId('post.new', id('e', number)), type: 'post.new', atMs: Date.now(), dataJson };
}

function memoryBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const link: SessionLink = { sendEvents: () => 'sent', notify: () => 'sent', close() {} };

function request(user: UserId) {
  return { userId: user, sessionId: id<SessionId>('s', 1), device: 'phone', resume: null };
}

function openNode(entries: readonly TimelineEntry[], followed: readonly UserId[]): LiveNode {
  const state = { unreadNotifications: 0 };
  let read = 0;
  const source = {
    followedAuthors: async () => followed,
    newestEntries: async () => {
      const start = (read++ * 7) % Math.max(1, entries.length - limits.hotTimelineEntries);
      return entries.slice(start, start + limits.hotTimelineEntries).toReversed();
    },
    state: async () => state,
  };
  return LiveNode.open({ clock: systemClock, limits, source, log: silentLogger });
}

async function attachAll(node: LiveNode, count: number): Promise<Attached[]> {
  const attached: Attached[] = [];
  for (let number = 0; number < count; number++) attached.push(await node.attach(request(id('u', number)), link));
  return attached;
}

function say(what: string, value: number, unit: string): void {
  console.log(`${what.padEnd(60)} ${value.toFixed(value < 100 ? 2 : 0)} ${unit}`);
}

async function memory(): Promise<void> {
  const entries = posts();
  const authors = Array.from({ length: FOLLOWED }, (_, number) => id<UserId>('a', number * 3));
  for (const followed of [[], authors]) {
    const node = openNode(entries, followed);
    const before = memoryBytes();
    const sessions = await attachAll(node, ACTORS);
    for (const { index } of sessions) node.detach(index);
    sessions.length = 0;
    const empty = memoryBytes();
    for (let number = 0; number < LOG_EVENTS; number++) {
      const happened = event(number);
      for (let actor = 0; actor < ACTORS; actor++) node.deliver(id('u', actor), happened, null);
    }
    const full = memoryBytes();
    say(`resident actor, 100 entries, follows ${followed.length}, empty log`, (empty - before) / ACTORS, 'bytes');
    say(
      `resident actor, 100 entries, follows ${followed.length}, ${LOG_EVENTS} events`,
      (full - before) / ACTORS,
      'bytes',
    );
    const withSessions = memoryBytes();
    for (let actor = 0; actor < ACTORS; actor++) {
      for (const device of ['a', 'b', 'c', 'd']) node.attachResident({ ...request(id('u', actor)), device }, link);
    }
    say('a session', (memoryBytes() - withSessions) / (4 * ACTORS), 'bytes');
    node.close();
  }
}

async function speed(): Promise<void> {
  const idle = openNode([], []);
  let start = process.cpuUsage();
  await attachAll(idle, ACTORS);
  say('activation with attach, without I/O', (ACTORS / cpuMs(start)) * 1000, 'per CPU second');
  idle.close();

  const author = id<UserId>('a', 0);
  const node = openNode([], [author]);
  const sessions = await attachAll(node, SESSIONS);
  start = process.cpuUsage();
  const rounds = 200;
  for (let round = 0; round < rounds; round++) {
    node.broadcast(author, event(round), null);
    for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
    for (const { index } of sessions) node.acknowledge(index, round + 1);
  }
  say('one event to one session: append, flush, acknowledge', (cpuMs(start) * 1e6) / (rounds * SESSIONS), 'ns CPU');
  node.close();

  const mailboxes = new UserMailboxes({ clock: systemClock, limits, onInvariant() {} });
  start = process.cpuUsage();
  const runs = 1_000_000;
  const task = async (): Promise<void> => {};
  for (let run = 0; run < runs; run += 100) {
    const batch = Array.from({ length: 100 }, (_, user) => mailboxes.run(id('u', user % 10), task));
    await Promise.all(batch);
  }
  say('mailbox run', (runs / cpuMs(start)) * 1000, 'per CPU second');
}

function cpuMs(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

await memory();
await speed();
