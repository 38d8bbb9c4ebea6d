/**
 * A node without media work, a worker, and the engines they run on, each of which can be struck; people who keep posting
 * photographs, and followers whose phones reconnect whenever they are cut off. What was acknowledged is kept in a list.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Person } from '../blackbox/api.ts';
import { Phone } from '../blackbox/phone.ts';
import { Engines } from '../support/engines.ts';
import { freePort } from '../support/free-port.ts';
import { widePhotograph } from '../support/photographs.ts';
import { type RunningServer, startServer, startWorker, temporaryFolder } from '../support/server-process.ts';
import { waitFor } from '../support/wait-for.ts';

export type Strike = 'flush' | 'redis' | 'worker' | 'minio' | 'cassandra' | 'node';

const AUTHORS = 2;
const FOLLOWERS = 3;
/** Authors wait when this many of their posts are not on the first phone yet: the queue is what is struck, not what is filled. */
const UNSEEN_MAX = 60;
const BETWEEN_POSTS_MS = 200;
const WAIT_MS = 120_000;
/** Of BullMQ: the jobs that a worker has in hand. */
const ACTIVE_MEDIA_JOBS = '{shutterline.media}:media:active';
/** Access tokens end after a quarter of an hour. */
const SIGN_IN_AGAIN_MS = 8 * 60_000;

interface Folders {
  readonly node: Awaited<ReturnType<typeof temporaryFolder>>;
  readonly worker: Awaited<ReturnType<typeof temporaryFolder>>;
}

export class LostEnginesWorld {
  readonly engines: Engines;
  readonly environment: Readonly<Record<string, string>>;
  readonly folders: Folders;
  authors: Person[] = [];
  phones: Phone[] = [];
  readonly acknowledged: string[] = [];
  refused = 0;
  /** Kills of a worker that had jobs in hand. */
  killedInTheMiddle = 0;
  private node: RunningServer | null = null;
  private worker: RunningServer | null = null;
  private posting = true;
  private attending = true;
  private readonly running: Promise<void>[] = [];
  private signedInAtMs = Date.now();

  private constructor(engines: Engines, folders: Folders, environment: Readonly<Record<string, string>>) {
    this.engines = engines;
    this.folders = folders;
    this.environment = environment;
  }

  static async open(): Promise<LostEnginesWorld> {
    const engines = await Engines.start();
    const folders = { node: await temporaryFolder('lost-node'), worker: await temporaryFolder('lost-worker') };
    const port = String(await freePort());
    const environment = { ...engines.environment, MEDIA_WORK: 'apart', PORT: port, DATA_DIR: folders.node.path };
    const world = new LostEnginesWorld(engines, folders, environment);
    try {
      await world.startNode();
      await world.startWorker();
      await world.populate();
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  async strike(strike: Strike, absenceMs: number): Promise<void> {
    const { redis, minio, cassandra } = this.engines;
    switch (strike) {
      case 'flush':
        await redis.ask((client) => client.flushall());
        return;
      case 'worker':
        await this.killWorkerAtWork();
        await pause(absenceMs);
        await this.startWorker();
        return;
      case 'node':
        await this.node?.end('SIGKILL');
        await pause(absenceMs);
        await this.startNode();
        return;
      default: {
        const engine = { redis, minio, cassandra }[strike];
        await engine.signal('SIGKILL');
        await pause(absenceMs);
        await engine.run();
      }
    }
  }

  /** Resolves once so many more posts are acknowledged. */
  async more(count: number): Promise<void> {
    const goal = this.acknowledged.length + count;
    await waitFor(`post ${goal} to be acknowledged`, () => this.acknowledged.length >= goal, WAIT_MS);
    if (Date.now() - this.signedInAtMs > SIGN_IN_AGAIN_MS) await this.signInAgain();
  }

  async stopPosting(): Promise<void> {
    this.posting = false;
    await Promise.all(this.running.slice(0, AUTHORS));
  }

  /** Ends node and worker as an operator does; the engines stay. */
  async stopServers(): Promise<void> {
    this.attending = false;
    await Promise.all(this.running);
    for (const phone of this.phones) phone.cut();
    await Promise.all([this.node?.end('SIGTERM'), this.worker?.end('SIGTERM')]);
  }

  async close(): Promise<void> {
    this.posting = false;
    this.attending = false;
    for (const phone of this.phones) phone.cut();
    await Promise.all([this.node?.end('SIGKILL'), this.worker?.end('SIGKILL')]);
    await Promise.all(this.running);
    await this.engines.remove();
    await Promise.all([this.folders.node.remove(), this.folders.worker.remove()]);
  }

  /** What the processes wrote last, for messages of failed tests. */
  output(): string {
    return [this.node, this.worker].map((process) => process?.output().slice(-4_000) ?? '').join('\n--\n');
  }

  private async populate(): Promise<void> {
    const url = this.node?.url ?? '';
    this.authors = await Promise.all(Array.from({ length: AUTHORS }, () => Person.register(url, 'author')));
    const followers = await Promise.all(Array.from({ length: FOLLOWERS }, () => Person.register(url, 'follower')));
    for (const follower of followers) for (const author of this.authors) await follower.follow(author);
    this.phones = followers.map((follower) => new Phone(follower));
    await Promise.all(this.phones.map((phone) => phone.connect()));
    this.running.push(...this.authors.map((_, index) => this.keepPosting(index)));
    this.running.push(...this.phones.map((phone) => this.keepConnected(phone)));
  }

  private async startNode(): Promise<void> {
    this.node = await startServer({ dataDir: this.folders.node.path, environment: this.environment });
  }

  private async startWorker(): Promise<void> {
    const environment = { ...this.environment, PORT: '0', DATA_DIR: this.folders.worker.path };
    this.worker = await startWorker({ dataDir: this.folders.worker.path, environment });
  }

  /** Again, should it have ended its jobs just before: nobody else takes them, so what it had in hand stays to be seen. */
  private async killWorkerAtWork(): Promise<void> {
    const inHand = (): Promise<number> => this.engines.redis.ask((client) => client.llen(ACTIVE_MEDIA_JOBS));
    for (;;) {
      await waitFor('the worker to have a job in hand', async () => (await inHand()) > 0, WAIT_MS);
      await this.worker?.end('SIGKILL');
      if ((await inHand()) > 0) break;
      await this.startWorker();
    }
    this.killedInTheMiddle++;
  }

  private async keepPosting(index: number): Promise<void> {
    for (let count = 0; this.posting; count++) {
      const seen = this.phones[0]?.ids('post.new').length ?? 0;
      const author = this.authors[index];
      if (author !== undefined && this.acknowledged.length - seen < UNSEEN_MAX) {
        const photograph = await widePhotograph(1_000 * index + count);
        // What is refused, or breaks off, was not acknowledged.
        await author.post(`post ${count}`, photograph).then(
          (id) => this.acknowledged.push(id),
          () => this.refused++,
        );
      }
      await pause(BETWEEN_POSTS_MS);
    }
  }

  private async keepConnected(phone: Phone): Promise<void> {
    while (this.attending) {
      if (!phone.connected) await phone.connect().catch(() => undefined);
      await pause(100);
    }
  }

  private async signInAgain(): Promise<void> {
    this.signedInAtMs = Date.now();
    this.authors = await Promise.all(this.authors.map((author) => author.signInAgain()));
    for (const phone of this.phones) phone.person = await phone.person.signInAgain();
  }
}
