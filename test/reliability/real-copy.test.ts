/** Moving from the embedded installation to Cassandra and S3, as an operator does it: users notice nothing. */
import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { type Installation, openInstallation } from '../../src/compose/maintenance.ts';
import { type ArrivalId, composeId, eventId, type UserId } from '../../src/ids.ts';
import { limits } from '../../src/limits.ts';
import { inGroups } from '../../src/parallel.ts';
import { hashOfBlob } from '../../src/maintenance/blob-bytes.ts';
import { putInboxRow } from '../../src/storage/repositories/inbox.ts';
import { TABLES } from '../../src/storage/schema.ts';
import { inbox } from '../../src/storage/tables/timeline.ts';
import { call, Person, type Post, type SignedIn } from '../blackbox/api.ts';
import { Phone } from '../blackbox/phone.ts';
import { whenNamed } from '../conformance/adapters.ts';
import { basicsOf } from '../maintenance/small-town.ts';
import { photographOfWidth, smallPhotograph } from '../support/photographs.ts';
import { type RealStores, realStores } from '../support/real-stores.ts';
import { runScript } from '../support/run-script.ts';
import { type RunningServer, startServer, temporaryFolder } from '../support/server-process.ts';
import { waitFor } from '../support/wait-for.ts';

const PEOPLE = 4;
const POSTS_EACH = 3;
const HISTORY_ROWS = 4_000;
const DAY_MS = 86_400_000;

interface Lived {
  readonly people: readonly Person[];
  readonly phones: readonly Phone[];
  /** Of each of the people, as their feed shows it. */
  readonly feeds: readonly (readonly string[])[];
  readonly posts: readonly string[];
}

/** Everybody follows the first, who follows everybody; all post, some like and comment, and each has a phone, lost at the end. */
async function live(server: RunningServer): Promise<Lived> {
  const people = await Promise.all(Array.from({ length: PEOPLE }, () => Person.register(server.url, 'mover')));
  const [star, ...crowd] = people as [Person, ...Person[]];
  for (const each of crowd) {
    await each.follow(star);
    await star.follow(each);
  }
  const phones = people.map((person) => new Phone(person));
  await Promise.all(phones.map((phone) => phone.connect()));
  const posts: string[] = [];
  for (let round = 0; round < POSTS_EACH; round++) {
    // What comes now finds no phone.
    if (round === POSTS_EACH - 1) for (const phone of phones) phone.cut();
    for (const [index, person] of people.entries()) {
      posts.push(await person.post(`${round} of ${index}`, await photographOfWidth(1200, posts.length)));
    }
  }
  for (const postId of posts) {
    await waitFor('all renditions', async () => {
      const { body } = await star.call<Post>('GET', `/v1/posts/${postId}`);
      return body.uploadStatus === 'complete';
    });
  }
  for (const each of crowd) {
    await each.expect(200, 'PUT', `/v1/posts/${posts[0]}/like`);
    await each.expect(201, 'POST', `/v1/posts/${posts[0]}/comments`, { body: { text: 'lovely' } });
  }
  const expected = { star: posts.length, crowd: 2 * POSTS_EACH };
  const feeds = await Promise.all(
    people.map((person) =>
      waitFor('the whole feed', async () => {
        const feed = (await person.wholeFeed()).map((post) => post.id);
        return feed.length === (person === star ? expected.star : expected.crowd) ? feed : null;
      }),
    ),
  );
  return { people, phones, feeds, posts };
}

/** A month of a busy user's inbox: enough that a copy can be killed in the middle of a table. */
async function fillInbox(dataDir: string, { people, posts }: Lived): Promise<void> {
  const place = await openInstallation(basicsOf(dataDir), { mayBeNew: false });
  const [userId, postId] = [people[0]?.id as UserId, posts[0] ?? ''];
  for (const group of inGroups(
    Array.from({ length: HISTORY_ROWS }, (_, index) => index),
    limits.storeWriteAllMutations,
  )) {
    const rows = group.map((index) => {
      const atMs = Date.now() - 20 * DAY_MS + index;
      const event = { eventId: eventId('post.updated', postId), type: 'post.updated', atMs, references: { postId } };
      return putInboxRow({ userId, arrivalId: composeId<ArrivalId>(atMs, 1, 1), ...event });
    });
    await place.store.writeAll(rows);
  }
  await place.close();
}

/** Moves in four runs, of which three are killed: between two tables, within a table, among the photographs. */
async function moveAcross(folder: string, target: RealStores): Promise<string[]> {
  const words = ['--from', `embedded:${folder}`, '--to', 'configuration'];
  const environment = { ...target.settings, DATA_DIR: target.dataDir };
  const watched = await openInstallation(basicsOf(target.dataDir, target.settings), { mayBeNew: true });
  const runs: string[] = [];
  const kills: ((output: string) => boolean | Promise<boolean>)[] = [
    (output) => output.includes('rows written'),
    () => holds(watched.store.scan(inbox), HISTORY_ROWS / 4),
    () => holds(watched.blobs.list(), 24),
  ];
  for (const killWhen of kills) {
    const run = await runScript('scripts/copy.ts', words, { environment, killWhen });
    if (run.code !== null) throw new Error(`it was not killed but ended with ${run.code}:\n${run.output}`);
    runs.push(run.output);
  }
  await watched.close();
  const last = await runScript('scripts/copy.ts', words, { environment });
  if (last.code !== 0) throw new Error(`the copy ended with ${last.code}:\n${last.output}`);
  return [...runs, last.output];
}

/** Whether there are as many as `least`. */
async function holds(items: AsyncIterable<unknown>, least: number): Promise<boolean> {
  let count = 0;
  for await (const _ of items) if (++count >= least) return true;
  return false;
}

/** What one place holds: rows by table, with when they end; blobs with the hash of their bytes. */
async function contentOf({ store, blobs }: Installation): Promise<Record<string, string[]>> {
  const content: Record<string, string[]> = {};
  for (const table of TABLES) {
    const rows: string[] = [];
    for await (const stored of store.scanWithExpiry(table)) rows.push(JSON.stringify(stored));
    content[table.name] = rows.sort();
  }
  const listed: string[] = [];
  for await (const { key, bytes, state } of blobs.list()) {
    listed.push(`${key} ${bytes} ${state} ${(await blobs.stat(key))?.contentType} ${await hashOfBlob(blobs, key)}`);
  }
  return { ...content, blobs: listed.sort() };
}

async function contentAt(dataDir: string, settings: Readonly<Record<string, string>> = {}) {
  const place = await openInstallation(basicsOf(dataDir, settings), { mayBeNew: false });
  try {
    return await contentOf(place);
  } finally {
    await place.close();
  }
}

whenNamed(['cql', 's3'], () => {
  test('a copy that was killed three times moves every row and every photograph, and phones go on with what they hold', async (t) => {
    const folder = await temporaryFolder('moving');
    const target = await realStores();
    t.teardown(() => Promise.all([folder.remove(), target.remove()]));
    const old = await startServer({ dataDir: folder.path });
    t.teardown(() => old.end('SIGKILL'));
    const lived = await live(old);
    const { people, feeds, posts } = lived;
    await old.end('SIGTERM');
    await fillInbox(folder.path, lived);
    const place = await contentAt(folder.path);
    t.log(`${people.length} people, ${posts.length} posts, ${place['blobs']?.length} blobs in the data folder`);

    const runs = await moveAcross(folder.path, target);
    t.log(runs.map((output, index) => `run ${index + 1}:\n${output}`).join('\n'));
    const [, inTable = '', inBlobs = '', last = ''] = runs;
    t.notRegex(inTable, /inbox:/);
    const rest = Number(/inbox: (\d+) of/.exec(inBlobs)?.[1]);
    t.true(rest > 0 && rest < HISTORY_ROWS, 'the table was gone on with, not begun again');
    const [, written = 0, all = 0] = (/blobs: (\d+) of (\d+) written/.exec(last) ?? []).map(Number);
    t.true(written > 0 && written < all, 'so were the photographs');
    t.regex(last, /rows and \d+ blobs were compared/);
    const moved = await contentAt(target.dataDir, target.settings);
    for (const name of Object.keys(place)) {
      t.true(isDeepStrictEqual(moved[name], place[name]), `${name} differs`);
    }

    const server = await startServer({
      dataDir: target.dataDir,
      environment: { ...target.settings, CELEBRITY_THRESHOLD: '5', CELEBRITY_GRACE_MS: '0' },
    });
    t.teardown(() => server.end('SIGKILL'));
    const movedPeople = people.map((person) => person.at(server.url));
    for (const [index, person] of movedPeople.entries()) {
      t.deepEqual(
        (await person.wholeFeed()).map((post) => post.id),
        feeds[index],
        'the feed, with the old access token',
      );
    }
    const [reader] = movedPeople as [Person, ...Person[]];
    for (const post of await reader.wholeFeed()) {
      for (const source of post.photos[0]?.sources ?? []) {
        const answer = await fetch(source.url);
        t.is(answer.status, 200);
        t.is((await answer.arrayBuffer()).byteLength > 0, true);
      }
    }
    for (const person of movedPeople) {
      const renewed = await call<SignedIn>(`${server.url}/v1/refresh`, 'POST', {
        body: { refreshToken: person.refreshToken },
      });
      t.is(renewed.status, 200, 'the old refresh token');
      const again = new Person(server.url, renewed.body);
      t.is((await again.expect<{ id: string }>(200, 'GET', '/v1/me')).id, person.id);
    }
    await goOn(t, lived, movedPeople);
    await passStory(t, server.url);
    t.is(await server.end('SIGTERM'), 0);
    const checked = await runScript('scripts/fsck.ts', ['--dry-run'], {
      environment: { ...target.settings, DATA_DIR: target.dataDir },
    });
    t.log(checked.output);
    t.is(checked.code, 0, checked.output);
  });
});

/** Phones come back with their position on the old server, find what they missed, and hear of what is new. */
async function goOn(t: ExecutionContext, { phones, feeds }: Lived, people: readonly Person[]): Promise<void> {
  const [star] = people as [Person];
  for (const [index, phone] of phones.entries()) {
    const missed = (feeds[index]?.length ?? 0) - phone.ids('post.new').length;
    t.true(missed > 0);
    phone.person = people[index] as Person;
    await phone.connect();
    t.is(phone.modes.at(-1), 'behind');
    await phone.settled();
    const known = phone.ids('post.new').map((id) => id.replace('post.new:', ''));
    t.deepEqual(known.sort(), feeds[index]?.toSorted(), `what it missed (${missed} posts), and nothing twice`);
  }
  const later = await star.post('in the new place', await smallPhotograph(99));
  for (const phone of phones.slice(1)) {
    await waitFor('the new post', () => phone.ids('post.new').includes(`post.new:${later}`));
    t.is(phone.resets, 0);
    t.deepEqual(phone.complaints, []);
  }
  for (const phone of phones) phone.cut();
}

/** The black-box suite, as for any server. */
async function passStory(t: ExecutionContext, url: string): Promise<void> {
  const run = await runScript('node_modules/ava/entrypoints/cli.js', ['test/blackbox/story.test.ts'], {
    environment: { SHUTTERLINE_URL: url },
  });
  t.log(run.output);
  t.is(run.code, 0, run.output);
  t.regex(run.output, /\d+ tests passed/);
}
