import test from 'ava';
import { memoryStorage } from '../../sdk/storage.ts';
import { ids, liveClient } from '../support/live-client.ts';
import { postEvent } from '../support/scripted-live-server.ts';

const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

test('events arrive in order, are acknowledged in one message, and show as live', async (t) => {
  const { server, platform, seen, statuses, live } = liveClient();
  live.start();
  await platform.run(10);
  for (const number of [1, 2, 3]) server.append(postEvent(number));
  server.flush();
  await platform.run(10);
  t.deepEqual(seen, ids(1, 2, 3));
  t.deepEqual(server.acknowledged, []);
  await platform.run(5000);
  t.deepEqual(server.acknowledged, [3]);
  t.deepEqual(statuses, ['connecting', 'live']);
});

test('the first acknowledgement comes after a share of 128 events, by chance, and the next ones after 128', async (t) => {
  const { server, platform, live } = liveClient({ ringEvents: 256 });
  live.start();
  await platform.run(10);
  let next = 1;
  const append = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left--) server.append(postEvent(next++));
    server.flush();
    await platform.run(1);
  };
  await append(63);
  t.deepEqual(server.acknowledged, []);
  // Chance is a half here.
  await append(1);
  t.deepEqual(server.acknowledged, [64]);
  await append(127);
  t.deepEqual(server.acknowledged, [64]);
  await append(3);
  t.deepEqual(server.acknowledged, [64, 194]);
});

for (const [script, caption] of [
  ['Latin', 'x'.repeat(2000)],
  ['Japanese', 'あ'.repeat(667)],
] as const) {
  test(`32 KiB of events are acknowledged without waiting, at first a share of that: ${script}`, async (t) => {
    const { server, platform, live } = liveClient({ ringEvents: 64 });
    live.start();
    await platform.run(10);
    for (const [from, to] of [
      [1, 9],
      [10, 26],
    ] as const) {
      for (const number of numbers(from, to)) server.append({ ...postEvent(number), data: { caption } });
      server.flush();
      await platform.run(1);
    }
    t.deepEqual(server.acknowledged, [9, 26]);
  });
}

test('a cut connection resumes in the upgrade with the ticket, and nothing comes twice', async (t) => {
  const { server, platform, sockets, seen, statuses, live } = liveClient();
  live.start();
  await platform.run(10);
  server.append(postEvent(1));
  server.flush();
  server.cut();
  server.append(postEvent(2));
  await platform.run(1000);
  server.flush();
  await platform.run(10);
  t.deepEqual(seen, ids(1, 2));
  t.deepEqual(server.welcomes, ['fresh', 'resumed']);
  t.is(server.syncs, 0);
  t.like(sockets[1]?.offer, { ticket: 'ticket-1', epoch: 'e1', seq: 1 });
  t.deepEqual(statuses, ['connecting', 'live', 'reconnecting', 'live']);
});

test('on request the resume travels in the first frame instead', async (t) => {
  const { server, platform, sockets, live } = liveClient({ resumeInUpgrade: false });
  live.start();
  await platform.run(10);
  server.cut();
  await platform.run(1000);
  t.is(sockets[1]?.offer, null);
  t.like(sockets[1]?.sent[0], { t: 'hello', ticket: 'ticket-1', resume: { epoch: 'e1', seq: 0 } });
});

test('what fell off the ring is pulled page by page, and live events wait behind it', async (t) => {
  const { server, platform, seen, statuses, application, live } = liveClient();
  live.start();
  await platform.run(10);
  server.cut();
  for (let number = 1; number <= 23; number++) server.append(postEvent(number));
  server.hold = true;
  await platform.run(600);
  t.is(live.status.kind, 'catching-up');
  server.append(postEvent(24));
  server.flush();
  await platform.run(10);
  t.deepEqual(seen, []);
  server.answer();
  await platform.run(100);
  t.deepEqual(seen, ids(...numbers(1, 24)));
  t.true(server.syncs >= 5);
  t.is(application.caughtUps, 1);
  t.deepEqual(statuses.slice(-2), ['catching-up', 'live']);
});

test('the application is told that it has caught up after the last event that waited', async (t) => {
  const { server, platform, seen, application, live } = liveClient();
  live.start();
  await platform.run(10);
  server.append(postEvent(1));
  server.loseFrame();
  server.hold = true;
  server.append(postEvent(2));
  server.flush();
  await platform.run(10);
  const told: string[][] = [];
  application.caughtUp = () => void told.push([...seen]);
  t.deepEqual([seen, told], [[], []]);
  server.answer();
  await platform.run(10);
  t.deepEqual(told, [ids(1, 2)]);
});

test('a gap that opens while the last page is on its way is filled in as well', async (t) => {
  const { server, platform, seen, live } = liveClient();
  live.start();
  await platform.run(10);
  server.hold = true;
  server.moveActor();
  await platform.run(10);
  // The answer and the news of the next gap arrive in one turn.
  server.answer();
  for (const number of numbers(1, 9)) server.append(postEvent(number));
  server.flush();
  await platform.run(100);
  t.deepEqual(seen, ids(...numbers(1, 9)));
});

test('catching up goes on where it was after another cut, although the log itself resumed', async (t) => {
  const { server, platform, seen, live } = liveClient();
  live.start();
  await platform.run(10);
  server.cut();
  for (let number = 1; number <= 20; number++) server.append(postEvent(number));
  server.hold = true;
  await platform.run(600);
  server.cut();
  await platform.run(2000);
  server.answer();
  await platform.run(2000);
  t.deepEqual(server.welcomes, ['fresh', 'behind', 'resumed']);
  t.is(seen.length, 20);
  t.is(live.status.kind, 'live');
});

test('a skipped number is never silent: the client catches up', async (t) => {
  const { server, platform, seen, live } = liveClient();
  live.start();
  await platform.run(10);
  server.append(postEvent(1));
  server.loseFrame();
  server.append(postEvent(2));
  server.flush();
  await platform.run(100);
  t.deepEqual(seen, ids(1, 2));
  t.is(server.syncs, 1);
});

test('what vanished from the log counts for the numbering and is not shown', async (t) => {
  const { server, platform, seen, live } = liveClient();
  live.start();
  await platform.run(10);
  server.appendLive(postEvent(1));
  server.blank();
  server.append(postEvent(2));
  server.flush();
  await platform.run(5100);
  t.deepEqual(seen, ids(2));
  t.deepEqual(server.acknowledged, [2]);
  t.is(server.syncs, 0);
});

test('a failing sync is tried again until it succeeds', async (t) => {
  const { server, platform, seen, live } = liveClient();
  live.start();
  await platform.run(10);
  server.append(postEvent(1));
  server.moveActor();
  server.failNextSyncs = 3;
  await platform.run(10_000);
  t.deepEqual(seen, ids(1));
  t.is(server.syncs, 4);
});

test('stopping while a sync waits for another try leaves nothing behind', async (t) => {
  const { server, platform, live } = liveClient();
  live.start();
  await platform.run(10);
  server.append(postEvent(1));
  server.moveActor();
  server.failNextSyncs = 100;
  await platform.run(5000);
  live.stop();
  t.is(platform.waiting, 0);
});

test('beyond retention the application reloads once and goes on from the page it read', async (t) => {
  const { server, platform, reloads, statuses, seen, live } = liveClient();
  live.start();
  await platform.run(10);
  server.cut();
  for (let number = 1; number <= 30; number++) server.append(postEvent(number));
  server.expire(3);
  await platform.run(1000);
  t.deepEqual(reloads, ['retention']);
  server.append(postEvent(31));
  server.flush();
  await platform.run(10);
  t.deepEqual(seen, ids(31));
  t.deepEqual(statuses, ['connecting', 'live', 'reconnecting', 'catching-up', 'live']);
});

test('a reset in the middle of a connection reloads, and later frames are not taken for a gap', async (t) => {
  const { server, platform, reloads, seen, live } = liveClient();
  live.start();
  await platform.run(10);
  for (let number = 1; number <= 5; number++) server.append(postEvent(number));
  server.loseFrame();
  server.announceReset('bounds');
  await platform.run(10);
  server.append(postEvent(6));
  server.flush();
  await platform.run(10);
  t.deepEqual(reloads, ['bounds']);
  t.deepEqual(seen, ids(6));
  t.is(server.syncs, 0);
});

test('a gap during a reload makes the application reload again', async (t) => {
  const { server, platform, reloads, application, live } = liveClient();
  live.start();
  await platform.run(10);
  const answers: (() => void)[] = [];
  application.reload = () =>
    new Promise((resolve) => {
      answers.push(() => resolve({ posts: [], position: server.position }));
    });
  server.announceReset('bounds');
  await platform.run(10);
  server.moveActor();
  await platform.run(10);
  answers[0]?.();
  await platform.run(10);
  t.is(reloads.length, 2);
  t.is(live.status.kind, 'catching-up');
  answers[1]?.();
  await platform.run(10);
  t.is(live.status.kind, 'live');
});

test('events that arrive during a reload are handed on after it', async (t) => {
  const { server, platform, seen, application, live } = liveClient();
  live.start();
  await platform.run(10);
  let resolve = (): void => undefined;
  application.reload = () =>
    new Promise((read) => {
      const page = { posts: [{ id: '1' }], position: server.position };
      resolve = () => read(page);
    });
  server.append(postEvent(1));
  server.loseFrame();
  server.announceReset('bounds');
  await platform.run(10);
  for (const number of [1, 2, 3]) server.append(postEvent(number));
  server.flush();
  await platform.run(6000);
  t.deepEqual(seen, []);
  t.deepEqual(server.acknowledged, [4], 'what is held is acknowledged');
  resolve();
  await platform.run(10);
  t.deepEqual(seen, ids(2, 3));
  t.is(live.status.kind, 'live');
});

test('a reload that fails is tried again', async (t) => {
  const { server, platform, reloads, application, live } = liveClient();
  live.start();
  await platform.run(10);
  application.reload = () =>
    reloads.length < 3
      ? Promise.reject(new TypeError('offline'))
      : Promise.resolve({ posts: [], position: server.position });
  server.announceReset('bounds');
  await platform.run(60_000);
  t.is(reloads.length, 3);
  t.is(live.status.kind, 'live');
});

test('when doubles can no longer be told from news, the client asks for a reload instead of guessing', async (t) => {
  const { server, platform, reloads, seen, live } = liveClient({ rememberedEventIds: 10, ringEvents: 64 });
  live.start();
  await platform.run(10);
  for (let number = 1; number <= 30; number++) server.append(postEvent(number));
  server.flush();
  await platform.run(10);
  server.restart();
  await platform.run(1000);
  t.deepEqual(reloads, ['bounds']);
  t.is(seen.length, 30);
});

test('watched topics are asked for again after a reconnect, once each, and at most 64 of them', async (t) => {
  const { server, platform, sockets, live } = liveClient();
  const news: unknown[] = [];
  const release = live.watch('post:0', (each) => news.push(each.data));
  live.watch('post:0', () => undefined);
  live.start();
  await platform.run(10);
  server.announce({ t: 'live', topic: 'post:0', type: 'counts', data: { likeCount: 1 } });
  release();
  server.announce({ t: 'live', topic: 'post:0', type: 'counts', data: { likeCount: 2 } });
  t.deepEqual(news, [{ likeCount: 1 }]);
  for (let number = 1; number <= 70; number++) live.watch(`post:${number}`, () => undefined);
  server.cut();
  await platform.run(1000);
  const watches = sockets[1]?.sent.filter((message) => message.t === 'watch') ?? [];
  t.is(watches.length, 1);
  t.is(watches[0]?.topics.length, 64);
});

test('an application error is reported and costs no event', async (t) => {
  const { server, platform, seen, failures, application, live } = liveClient();
  application.event = () => {
    throw new Error('a mistake');
  };
  live.start();
  await platform.run(10);
  for (const number of [1, 2]) server.append(postEvent(number));
  server.flush();
  await platform.run(10);
  t.deepEqual(seen, ids(1, 2));
  t.is(failures.length, 2);
});

test('the position survives a restart of the application, a pending catch-up and the events that wait for it included', async (t) => {
  const storage = memoryStorage();
  const first = liveClient({ storage });
  first.live.start();
  await first.platform.run(10);
  first.server.append(postEvent(1));
  first.server.flush();
  await first.platform.run(10);
  first.server.cut();
  for (let number = 2; number <= 20; number++) first.server.append(postEvent(number));
  first.server.hold = true;
  await first.platform.run(1000);
  t.is(first.live.status.kind, 'catching-up');
  for (const number of [21, 22]) first.server.append(postEvent(number));
  first.server.flush();
  await first.platform.run(6000);
  t.deepEqual([first.seen, first.server.acknowledged.at(-1)], [ids(1), 22]);
  first.live.stop();
  t.is(first.platform.waiting, 0);

  const second = liveClient({ storage });
  second.platform.onSocket = (socket) => first.server.connect(socket);
  first.server.answer();
  second.live.start();
  await second.platform.run(1000);
  t.deepEqual([...first.seen, ...second.seen], ids(...numbers(1, 22)));
});

test('a storage that holds something else is treated as empty', async (t) => {
  const storage = memoryStorage();
  storage.write('{"known":7}');
  const { platform, live } = liveClient({ storage });
  live.start();
  await platform.run(10);
  t.is(live.status.kind, 'live');
});
