import { readFile } from 'node:fs/promises';
import test from 'ava';
import { Person } from '../blackbox/api.ts';
import { Phone } from '../blackbox/phone.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { type RunningServer, startServer, temporaryFolder } from '../support/server-process.ts';
import { waitFor } from '../support/wait-for.ts';

const PHONES = 50;
const EVENTS = 2_000;
const WRITERS = 4;
const GROWTH_BYTES_MAX = 64 * 1024;

/** Memory that belongs to the process alone. What the kernel holds for its sockets is not in it. */
async function privateBytes(server: RunningServer): Promise<number> {
  const text = await readFile(`/proc/${server.pid}/smaps_rollup`, 'utf8');
  return 1024 * Number(/Private_Dirty:\s+(\d+)/.exec(text)?.[1]);
}

interface Outcome {
  readonly bytes: number;
  /** From the acknowledged write to the quick phone, in milliseconds, sorted. */
  readonly delays: number[];
}

interface Checks {
  is(left: unknown, right: unknown, message?: string): void;
}

/** Signing up costs a password hash each: a few at a time. */
async function crowd(url: string, author: Person): Promise<Phone[]> {
  const phones: Phone[] = [];
  while (phones.length < PHONES) {
    const people = await Promise.all(Array.from({ length: 10 }, () => Person.register(url, 'reader')));
    await Promise.all(people.map((person) => person.follow(author)));
    phones.push(...people.map((person) => new Phone(person)));
  }
  await Promise.all(phones.map((phone) => phone.connect()));
  return phones;
}

/** Edits the posts; the id of every event with the time at which its write was begun. */
async function edit(author: Person, posts: readonly string[]): Promise<Map<string, number>> {
  const begunAtMs = new Map<string, number>();
  const write = async (postId: string): Promise<void> => {
    for (let index = 0; index < EVENTS / WRITERS; index++) {
      const startedAtMs = Date.now();
      const body = { caption: `edit ${index} ${'·'.repeat(400)}` };
      const post = await author.expect<{ version: number }>(200, 'PUT', `/v1/posts/${postId}`, { body });
      begunAtMs.set(`post.updated:${postId}:${post.version}`, startedAtMs);
    }
  };
  await Promise.all(posts.map((postId) => write(postId)));
  return begunAtMs;
}

async function quiet(server: RunningServer): Promise<void> {
  const isIdle = async (): Promise<boolean> =>
    /^shutterline_jobs_unfinished 0$/m.test(await (await fetch(`${server.url}/metrics`)).text());
  await waitFor('the fan-out to end', isIdle, 120_000);
  await collect(server);
}

async function measure(server: RunningServer, stalled: boolean, t: Checks): Promise<Outcome> {
  const author = await Person.register(server.url, 'author');
  const [quick, ...phones] = await crowd(server.url, author);
  if (quick === undefined) throw new Error('nobody came');
  const posts: string[] = [];
  for (let index = 0; index < WRITERS; index++) {
    posts.push(await author.post(`post ${index}`, await smallPhotograph(index)));
  }
  const allSeen = (phone: Phone): boolean => phone.ids('post.new').length === WRITERS;
  await waitFor('the posts', () => [quick, ...phones].every((phone) => allSeen(phone)));
  await quiet(server);
  const before = await privateBytes(server);
  if (stalled) for (const phone of phones) phone.stall();
  const begunAtMs = await edit(author, posts);
  const hasAll = (phone: Phone): boolean => [...begunAtMs.keys()].every((id) => phone.receivedAtMs.has(id));
  await waitFor('the quick phone', () => hasAll(quick), 60_000);
  await quiet(server);
  const bytes = (await privateBytes(server)) - before;
  for (const phone of phones) {
    phone.readOn();
    if (!phone.connected) await phone.connect();
    await waitFor('every event on every phone', () => hasAll(phone), 120_000);
    await phone.settled();
    t.is(phone.resets, 0);
    t.is(phone.complaints.length, 0, phone.complaints.join('; '));
    phone.cut();
  }
  quick.cut();
  const delays = [...begunAtMs].map(([id, atMs]) => (quick.receivedAtMs.get(id) ?? 0) - atMs).sort((a, b) => a - b);
  return { bytes, delays };
}

async function run(stalled: boolean, t: Checks): Promise<Outcome> {
  const folder = await temporaryFolder('stalled');
  // A collection right before reading the memory: what counts is what is held, not what was used.
  const server = await startServer({ dataDir: folder.path, entry: 'test/reliability/collecting-server.ts' });
  try {
    return await measure(server, stalled, t);
  } finally {
    await server.end('SIGKILL');
    await folder.remove();
  }
}

async function collect(server: RunningServer): Promise<void> {
  process.kill(server.pid, 'SIGUSR2');
  await waitFor('the collection', () => server.takeLine('collected'));
}

/** What a phone costs by stalling, in bytes: two runs that differ in nothing else. */
async function pair(t: Checks & { log(value: unknown): void }): Promise<number> {
  const reading = await run(false, t);
  const stalled = await run(true, t);
  const each = (stalled.bytes - reading.bytes) / PHONES;
  const p99 = ({ delays }: Outcome): number | undefined => delays[Math.floor(delays.length * 0.99)];
  t.log({ bytesPerStalledPhone: Math.round(each), p99ReadingMs: p99(reading), p99StalledMs: p99(stalled) });
  return each;
}

test(`${PHONES} phones that stop reading cost less than ${GROWTH_BYTES_MAX} bytes each, delay nobody, and recover everything`, async (t) => {
  t.timeout(600_000);
  // From one process to the next the heap differs by some megabytes, which are about as much as all phones may cost.
  const pairs = [await pair(t), await pair(t), await pair(t)];
  const [, median = Number.NaN] = pairs.toSorted((a, b) => a - b);
  t.true(median < GROWTH_BYTES_MAX, `${median} bytes each`);
});
