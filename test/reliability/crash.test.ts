import test from 'ava';
import { Person } from '../blackbox/api.ts';
import { Phone } from '../blackbox/phone.ts';
import { firstDifference } from '../support/first-difference.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { type RunningServer, startServer, temporaryFolder } from '../support/server-process.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Step, STEPS } from './crashing-ports.ts';
import { inspect } from './inspect-data.ts';

/** Each step kills once, and as often chance does. */
const KILLS = Number(process.env['KILLS'] ?? (process.env['SOAK'] === undefined ? 2 * STEPS.length : 200));
const AUTHORS = 3;
const FOLLOWERS = 4;
const SETTLE_MS = 120_000;

interface World {
  server: RunningServer;
  readonly authors: Person[];
  readonly phones: Phone[];
  /** Ids of the posts whose upload was acknowledged. */
  readonly acknowledged: Set<string>;
  attempted: number;
  /** Steps that were to kill and did not come. */
  readonly missed: string[];
}

/** Half the kills at a named durable step, at its nth occurrence; the other half at a random moment. */
function crashAt(kill: number): { step: Step; count: number } | null {
  if (kill % 2 === 1) return null;
  const step = STEPS[(kill / 2) % STEPS.length] ?? 'batch.after';
  return { step, count: 1 + Math.floor(Math.random() * 12) };
}

function startCrashing(
  dataDir: string,
  port: string,
  plan: { step: Step; count: number } | null,
): Promise<RunningServer> {
  return startServer({
    dataDir,
    entry: 'test/reliability/crashing-server.ts',
    environment: { PORT: port, ...(plan === null ? {} : { CRASH_AT: `${plan.step}:${plan.count}` }) },
  });
}

/** Posts until the server is gone; what was not acknowledged has an unknown outcome and is not counted. */
async function postUntilGone(world: World, author: Person, gone: () => boolean): Promise<void> {
  while (!gone()) {
    try {
      world.attempted++;
      const postId = await author.post(`post ${world.attempted}`, await smallPhotograph(world.attempted));
      world.acknowledged.add(postId);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

async function oneKill(world: World, kill: number, port: string): Promise<void> {
  const plan = crashAt(kill);
  const server = await startCrashing(world.server.dataDir, port, plan).catch((error: unknown) => {
    // The step was reached during the start: that is a kill too.
    if (plan !== null && String(error).includes('ended with SIGKILL')) return null;
    throw error;
  });
  if (server === null) return;
  world.server = server;
  let gone = false;
  void server.exited.then(() => {
    gone = true;
  });
  const reconnecting = world.phones.map((phone) => phone.connect().catch(() => {}));
  const posting = world.authors.map((author) => postUntilGone(world, author, () => gone));
  const patience = plan === null ? 100 + Math.random() * 1500 : 15_000;
  await Promise.race([server.exited, new Promise((resolve) => setTimeout(resolve, patience))]);
  if (!gone) await server.end('SIGKILL');
  if (!gone && plan !== null) world.missed.push(`${plan.step}:${plan.count}`);
  await Promise.all([...posting, ...reconnecting]);
  for (const phone of world.phones) phone.cut();
}

test(`after ${KILLS} times kill -9, every acknowledged post exists once and reached every follower once`, async (t) => {
  t.timeout(3_600_000);
  const folder = await temporaryFolder('crash');
  const first = await startServer({ dataDir: folder.path, entry: 'test/reliability/crashing-server.ts' });
  const port = new URL(first.url).port;
  const authors = await Promise.all(Array.from({ length: AUTHORS }, () => Person.register(first.url, 'author')));
  const followers = await Promise.all(Array.from({ length: FOLLOWERS }, () => Person.register(first.url, 'follower')));
  for (const follower of followers) for (const author of authors) await follower.follow(author);
  const phones = followers.map((follower) => new Phone(follower));
  await Promise.all(phones.map((phone) => phone.connect()));
  const world: World = { server: first, authors, phones, acknowledged: new Set(), attempted: 0, missed: [] };
  for (const phone of phones) phone.cut();
  await first.end('SIGKILL');
  for (let kill = 0; kill < KILLS; kill++) await oneKill(world, kill, port);

  world.server = await startCrashing(folder.path, port, null);
  await Promise.all(phones.map((phone) => phone.connect()));
  const acknowledged = [...world.acknowledged];
  for (const [index, phone] of phones.entries()) {
    await waitFor(
      `every acknowledged post on phone ${index}`,
      () => {
        const seen = new Set(phone.ids('post.new'));
        return acknowledged.every((id) => seen.has(`post.new:${id}`));
      },
      SETTLE_MS,
    );
    await phone.settled();
    const ids = phone.ids('post.new');
    t.is(new Set(ids).size, ids.length, 'no post came twice');
    t.deepEqual(phone.complaints, []);
    t.is(phone.resets, 0);
    const feed = (await phone.person.wholeFeed()).map((post) => post.id);
    t.is(new Set(feed).size, feed.length, 'no post stands twice in the feed');
    const missing = acknowledged.slice(-400).filter((id) => !feed.includes(id));
    t.is(firstDifference(missing, []), null, 'no acknowledged post is missing from the feed');
    phone.cut();
  }
  t.log({ kills: KILLS, attempted: world.attempted, acknowledged: acknowledged.length });
  t.true(acknowledged.length > KILLS, 'there was something to lose');
  t.deepEqual(world.missed, [], 'every step that was to kill came');
  // What only follows from the posts (renditions, counts, what followers are told later) has its time to end as well.
  const { url } = world.server;
  const isIdle = async (): Promise<boolean> =>
    /^shutterline_jobs_unfinished 0$/m.test(await (await fetch(`${url}/metrics`)).text());
  await waitFor('all work to end', isIdle, SETTLE_MS);
  await world.server.end('SIGTERM');
  const found = await inspect(folder.path);
  t.log(found);
  t.is(found.orphanedBlobs, 0);
  t.is(found.danglingReferences, 0);
  t.is(found.outboxRows, 0);
  await folder.remove();
});
