import test from 'ava';
import { Person } from '../blackbox/api.ts';
import { Phone } from '../blackbox/phone.ts';
import { whenNamed } from '../conformance/adapters.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { RedisProcess } from '../support/redis-process.ts';
import { startServer, temporaryFolder } from '../support/server-process.ts';
import { waitFor } from '../support/wait-for.ts';

const LOSSES = Number(process.env['LOSSES'] ?? (process.env['SOAK'] === undefined ? 3 : 30));
const SETTLE_MS = 120_000;

whenNamed('bullmq', () => {
  test(`though Redis is emptied or killed ${2 * LOSSES} times, every acknowledged post reaches every follower once`, async (t) => {
    t.timeout(1_800_000);
    const folder = await temporaryFolder('lost-queue');
    const redis = await RedisProcess.start();
    t.teardown(() => redis.remove());
    const environment = { QUEUE: 'bullmq', REDIS_URL: redis.url };
    const server = await startServer({ dataDir: folder.path, environment });
    t.teardown(() => server.end('SIGKILL'));
    const authors = await Promise.all([1, 2].map(() => Person.register(server.url, 'author')));
    const followers = await Promise.all([1, 2].map(() => Person.register(server.url, 'follower')));
    for (const follower of followers) for (const author of authors) await follower.follow(author);
    const phones = followers.map((follower) => new Phone(follower));
    await Promise.all(phones.map((phone) => phone.connect()));

    const acknowledged: string[] = [];
    const state = { posting: true };
    const posts = authors.map(async (author, index) => {
      for (let count = 0; state.posting; count++) {
        const photograph = await smallPhotograph(100 * index + count);
        // What is refused while Redis is away was not acknowledged.
        await author.post(`post ${count}`, photograph).then(
          (id) => acknowledged.push(id),
          () => undefined,
        );
      }
    });
    const atLeast = async (more: number): Promise<void> => {
      const goal = acknowledged.length + more;
      await waitFor('posts to be acknowledged', () => acknowledged.length >= goal, SETTLE_MS);
    };
    for (let loss = 0; loss < LOSSES; loss++) {
      await atLeast(3);
      await redis.ask((client) => client.flushall());
      await atLeast(3);
      await redis.signal('SIGKILL');
      await redis.run();
    }
    await atLeast(2);
    state.posting = false;
    await Promise.all(posts);

    for (const [index, phone] of phones.entries()) {
      await waitFor(
        `every acknowledged post on phone ${index}`,
        () => acknowledged.every((id) => phone.ids('post.new').includes(`post.new:${id}`)),
        SETTLE_MS,
      );
      await phone.settled();
      const ids = phone.ids('post.new');
      t.is(new Set(ids).size, ids.length, 'no post came twice');
      t.deepEqual(phone.complaints, []);
      const feed = await phone.person.wholeFeed();
      t.is(new Set(feed.map((post) => post.id)).size, feed.length, 'no post stands twice in the feed');
      for (const id of acknowledged)
        t.true(
          feed.some((post) => post.id === id),
          id,
        );
      phone.cut();
    }
    t.log({ losses: 2 * LOSSES, acknowledged: acknowledged.length });
    await server.end('SIGTERM');
    await folder.remove();
  });
});
