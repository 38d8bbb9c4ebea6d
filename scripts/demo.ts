/**
 * Fills a running server with a dozen people, their photographs, likes and comments, and keeps posting until it is stopped.
 *
 *   npm run demo                        http://127.0.0.1:8080, or SHUTTERLINE_URL
 *   npm run demo -- http://host:port    another server
 *   npm run demo -- --once              stop after filling
 *
 * Running it again goes on with the same people.
 */
import { Client } from '../sdk/client.ts';
import { asProblem } from '../sdk/problem.ts';
import { type DemoPerson, PEOPLE, renderPortrait } from './demo/people.ts';
import { Pictures } from './demo/pictures.ts';
import { type Random, seeded } from './demo/random.ts';

/** Known to everybody who reads this: for servers on one's own machine. */
const PASSWORD = 'shutterline-demo';
const POSTS_EACH = 3;
const POST_EVERY_MS = 6000;
/** Ids of posts that may still be liked and talked about. */
const RECENT_POSTS = 40;
/** A just published post becomes visible when its first rendition is there. */
const VISIBLE_WITHIN_MS = 30_000;

const REMARKS = [
  'That light!',
  'Where is this?',
  'I can almost hear it.',
  'Print this one. Large.',
  'Wow',
  'How long did you wait for this?',
  'The colours are unreal.',
  'Adding this to my list.',
  'You and your early mornings…',
  'Best one yet.',
  'Looks cold. Was it cold?',
  'This made my day',
];

interface Member {
  readonly client: Client;
  readonly id: string;
  readonly username: string;
}

class Demo {
  private readonly url: string;
  private readonly random: Random;
  private readonly pictures: Pictures;
  private readonly members: Member[] = [];
  private readonly recent: string[] = [];

  constructor(url: string, random: Random, pictures: Pictures) {
    this.url = url;
    this.random = random;
    this.pictures = pictures;
  }

  async fill(): Promise<void> {
    for (const [index, person] of PEOPLE.entries()) {
      this.members.push(await this.join(person, index));
      report(`${index + 1} of ${PEOPLE.length} people: ${person.displayName}`);
    }
    await this.followEachOther();
    const total = PEOPLE.length * POSTS_EACH;
    for (let count = 1; count <= total; count++) {
      const author = this.members[count % this.members.length];
      if (author !== undefined) await this.post(author);
      report(`${count} of ${total} photographs`);
    }
    for (const postId of this.recent) await this.react(postId, 5);
    report('likes and comments');
  }

  /** One more photograph, and what people say about it. */
  async goOn(): Promise<void> {
    const author = this.anyone();
    await this.post(author);
    const postId = this.recent.at(-1);
    if (postId !== undefined) await this.react(postId, 3);
    const older = this.recent[this.random.whole(0, this.recent.length - 1)];
    if (older !== undefined) await this.react(older, 2);
    report(`${author.username} posted`);
  }

  private async join(person: DemoPerson, index: number): Promise<Member> {
    const { username, displayName, bio } = person;
    const client = new Client({ url: this.url, device: `demo-${username}` });
    try {
      await client.login(username, PASSWORD);
    } catch (error) {
      if (asProblem(error).code !== 'invalid-credentials') throw error;
      const email = `${username}@example.org`;
      await client.register({ username, email, password: PASSWORD });
    }
    const profile = await client.editProfile({ displayName, bio });
    if (profile.avatarUrl === null) await client.changeAvatar(await renderPortrait(person, index), 'image/jpeg');
    return { client, id: profile.id, username };
  }

  /** Everybody follows about two thirds of the others; the first one follows all, so that there is much to see. */
  private async followEachOther(): Promise<void> {
    for (const [index, member] of this.members.entries()) {
      for (const other of this.members) {
        if (other !== member && (index === 0 || this.random.next() < 0.66)) await member.client.follow(other.id);
      }
    }
    report('who follows whom');
  }

  private async post(author: Member): Promise<void> {
    const { bytes, contentType, altText, caption } = await this.pictures.next();
    const { postId } = await author.client.publish({ caption, photos: [{ bytes, contentType, altText }] });
    await this.untilVisible(author, postId);
    this.recent.push(postId);
    if (this.recent.length > RECENT_POSTS) this.recent.shift();
  }

  private async untilVisible(author: Member, postId: string): Promise<void> {
    const endMs = performance.now() + VISIBLE_WITHIN_MS;
    for (;;) {
      const post = await author.client.post(postId);
      if (post.publishedAt !== null) return;
      if (post.uploadStatus === 'failed') throw new Error('The server could not read a photograph of the demo.');
      if (performance.now() > endMs) throw new Error('A photograph did not become visible within half a minute.');
      await pause(150);
    }
  }

  private async react(postId: string, most: number): Promise<void> {
    for (const member of this.members) {
      if (this.random.next() < 0.55) await member.client.like(postId);
    }
    for (let count = this.random.whole(0, most); count > 0; count--) {
      const text = REMARKS[this.random.whole(0, REMARKS.length - 1)] ?? '';
      await this.anyone().client.comment(postId, { text });
    }
  }

  private anyone(): Member {
    const member = this.members[this.random.whole(0, this.members.length - 1)];
    if (member === undefined) throw new Error('There is nobody yet.');
    return member;
  }
}

function report(text: string): void {
  console.log(`  ${text}`);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}

async function main(): Promise<void> {
  const given = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
  const url = given ?? process.env['SHUTTERLINE_URL'] ?? 'http://127.0.0.1:8080';
  const once = process.argv.includes('--once');
  const pictures = await Pictures.open();
  console.log(`Filling ${url} (${pictures.packaged} photographs found on this machine, the others are drawn)`);
  const demo = new Demo(url, seeded(Date.now()), pictures);
  await demo.fill();
  console.log(`\nOpen ${url} and log in as  ${PEOPLE[0].username}  with the password  ${PASSWORD}\n`);
  if (once) return;
  console.log('A new photograph every few seconds; Ctrl-C stops.');
  for (;;) {
    await pause(POST_EVERY_MS);
    await demo.goOn().catch((error: unknown) => {
      report(asProblem(error).detail);
    });
  }
}

main().catch((error: unknown) => {
  const problem = asProblem(error);
  const hint = problem.code === 'network' ? ' Is the server running? Start it with: npm start' : '';
  console.error(`The demo stopped: ${error instanceof Error ? error.message : problem.detail}.${hint}`);
  process.exitCode = 1;
});
