import test from 'ava';
import { firstDifference } from '../support/first-difference.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { waitFor } from '../support/wait-for.ts';
import { Person } from '../blackbox/api.ts';
import { Phone } from '../blackbox/phone.ts';
import { openTarget, type Target } from '../blackbox/target.ts';

const CUTS = Number(process.env['RESUME_CUTS'] ?? 1000);
const RESUMES = 1000;
const PHONES = 10;
const WRITERS = 4;
/** More than a log ring holds: who is away for it is behind. */
const LONG_BURST = 300;

let target: Target;
test.before(async () => {
  target = await openTarget();
});
test.after.always(() => target.close());

async function storeReads(): Promise<number> {
  const text = await (await fetch(`${target.url}/metrics`)).text();
  return Number(/^shutterline_store_reads_total (\d+)/m.exec(text)?.[1] ?? Number.NaN);
}

/** Edits one post over and over: every edit is an event, and its version is what was acknowledged. */
class Writer {
  readonly acknowledged: string[] = [];
  postId = '';
  private readonly author: Person;

  constructor(author: Person) {
    this.author = author;
  }

  async open(): Promise<void> {
    this.postId = await this.author.post('to be edited', await smallPhotograph(5));
  }

  async write(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const body = { caption: `edit ${this.acknowledged.length}` };
      const post = await this.author.expect<{ version: number }>(200, 'PUT', `/v1/posts/${this.postId}`, { body });
      this.acknowledged.push(`post.updated:${this.postId}:${post.version}`);
    }
  }
}

/** Cuts the phone somewhere within the burst; a long absence ends only after the burst. */
async function cutDuring(burst: Promise<unknown>, phone: Phone, long: boolean): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
  phone.cut();
  if (long) await burst;
  await phone.connect();
}

async function openPhones(author: Person, writers: readonly Writer[]): Promise<Phone[]> {
  const phones: Phone[] = [];
  for (let index = 0; index < PHONES; index++) {
    const follower = await Person.register(target.url, 'reader');
    await follower.follow(author);
    const phone = new Phone(follower, { resumeInUpgrade: index % 2 === 0, readsDeflated: index % 3 !== 0 });
    await phone.connect();
    phones.push(phone);
  }
  for (const writer of writers) await writer.open();
  await Promise.all(phones.map((phone) => waitFor('the posts', () => phone.ids('post.new').length === writers.length)));
  return phones;
}

test.serial(
  `after ${CUTS} cuts at random points, short and long, the list equals the acknowledged writes`,
  async (t) => {
    t.timeout(600_000);
    const author = await Person.register(target.url, 'writer');
    const writers = Array.from({ length: WRITERS }, () => new Writer(author));
    const phones = await openPhones(author, writers);
    for (let round = 0; round < CUTS / PHONES; round++) {
      const long = round % 5 < 2;
      const each = long ? Math.ceil(LONG_BURST / WRITERS) : 2;
      const burst = Promise.all(writers.map((writer) => writer.write(each)));
      await Promise.all([burst, ...phones.map((phone) => cutDuring(burst, phone, long))]);
    }
    const expected = writers.flatMap((writer) => [`post.new:${writer.postId}`, ...writer.acknowledged]).sort();
    const heard = (phone: Phone): string[] => phone.ids().filter((id) => id.startsWith('post.'));
    for (const phone of phones) {
      await waitFor('every acknowledged write', () => heard(phone).length >= expected.length);
      await phone.settled();
      t.is(firstDifference(heard(phone).sort(), expected), null);
      t.deepEqual(phone.complaints, []);
      t.is(phone.resets, 0);
      phone.cut();
    }
    const modes = phones.flatMap((phone) => phone.modes.slice(1));
    const resumed = modes.filter((mode) => mode === 'resumed').length;
    const behind = modes.filter((mode) => mode === 'behind').length;
    t.log({ cuts: modes.length, resumed, behind, events: expected.length });
    t.true(resumed >= CUTS * 0.3, `${resumed} resumed`);
    t.true(behind >= CUTS * 0.3, `${behind} behind`);
  },
);

test.serial('a resumed connection costs no store read', async (t) => {
  const author = await Person.register(target.url, 'quiet');
  const follower = await Person.register(target.url, 'still');
  await follower.follow(author);
  const phone = new Phone(follower);
  await phone.connect();
  await author.post('one', await smallPhotograph(6));
  await waitFor('the post', () => phone.ids('post.new').length === 1);
  // The server polls a little by itself (revocations, outbox): a read per resume would stand out from it.
  const before = await storeReads();
  for (let round = 0; round < RESUMES; round++) {
    phone.cut();
    await phone.connect();
  }
  const reads = (await storeReads()) - before;
  t.log({ resumes: RESUMES, reads });
  t.true(phone.modes.slice(1).every((mode) => mode === 'resumed'));
  t.true(reads < RESUMES / 2, `${reads} reads for ${RESUMES} resumes`);
  phone.cut();
});
