/**
 * The law of the social half: whatever people do, and however late, doubled or disordered the consumers run, both sides
 * of every edge agree, the counts are those of the rows, and each act that stands is told exactly once.
 */
import test from 'ava';
import fc from 'fast-check';
import { countKey, type CountTarget } from '../../src/actors/counts/count-targets.ts';
import { type CommentId, type PostId, timeOfId, type UserId } from '../../src/ids.ts';
import type { OutboxEntry } from '../../src/storage/activity.ts';
import { comments, likesByPost, likesByUser, notifications } from '../../src/storage/tables/engagement.ts';
import { followers, follows } from '../../src/storage/tables/graph.ts';
import type { RowOf, Table } from '../../src/storage/table.ts';
import { type SocialWorld, socialWorld } from './social-world.ts';

const USERS = 4;
const POSTS = 3;

type Act =
  | { readonly kind: 'follow'; readonly who: number; readonly whom: number }
  | { readonly kind: 'unfollow'; readonly who: number; readonly whom: number }
  | { readonly kind: 'like'; readonly who: number; readonly post: number }
  | { readonly kind: 'unlike'; readonly who: number; readonly post: number }
  | { readonly kind: 'comment'; readonly who: number; readonly post: number; readonly reply: boolean }
  | { readonly kind: 'uncomment'; readonly which: number };

const who = fc.nat(USERS - 1);
const post = fc.nat(POSTS - 1);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant('follow' as const), who, whom: who }),
  fc.record({ kind: fc.constant('unfollow' as const), who, whom: who }),
  fc.record({ kind: fc.constant('like' as const), who, post }),
  fc.record({ kind: fc.constant('unlike' as const), who, post }),
  fc.record({ kind: fc.constant('comment' as const), who, post, reply: fc.boolean() }),
  fc.record({ kind: fc.constant('uncomment' as const), which: fc.nat(5) }),
);
/** Acts made at the same time, and which of the entries known by then are handled (some again) beside them. */
const wave = fc.record({ acts: fc.array(act, { maxLength: 6 }), handled: fc.array(fc.nat(50), { maxLength: 6 }) });
const script = fc.record({ waves: fc.array(wave, { maxLength: 6 }), order: fc.array(fc.nat(1000), { maxLength: 60 }) });

interface Model {
  readonly follows: Map<string, boolean>;
  readonly likes: Map<string, boolean>;
  readonly written: { postId: PostId; commentId: CommentId; authorId: UserId; gone: boolean }[];
}

async function play(world: SocialWorld, script_: typeof script extends fc.Arbitrary<infer S> ? S : never) {
  const users: UserId[] = [];
  for (let index = 0; index < USERS; index++) users.push(await world.user(`user${index}`));
  const postIds: PostId[] = [];
  for (let index = 0; index < POSTS; index++) postIds.push(await world.post(at(users, index)));
  const model: Model = { follows: new Map(), likes: new Map(), written: [] };

  async function perform(act: Act): Promise<void> {
    if (act.kind === 'follow' || act.kind === 'unfollow') {
      const [me, other] = [at(users, act.who), at(users, act.whom)];
      if (me === other) return;
      model.follows.set(`${me}/${other}`, act.kind === 'follow');
      await world.graph[act.kind](me, other);
    } else if (act.kind === 'like' || act.kind === 'unlike') {
      const [me, postId] = [at(users, act.who), at(postIds, act.post)];
      model.likes.set(`${me}/${postId}`, act.kind === 'like');
      await world.engagement[act.kind](me, postId);
    } else if (act.kind === 'comment') {
      const [authorId, postId] = [at(users, act.who), at(postIds, act.post)];
      const parent = act.reply ? model.written.find((one) => one.postId === postId && !one.gone) : undefined;
      const input = { text: 'Lovely', parentId: parent?.commentId ?? null };
      const view = await world.engagement.comment(authorId, postId, input, { key: null }).catch(() => null);
      // A reply is refused when the comment it answers is deleted in the same wave.
      if (view !== null) model.written.push({ postId, commentId: view.id, authorId, gone: false });
    } else {
      const target = model.written[act.which];
      if (target === undefined || target.gone) return;
      target.gone = true;
      await world.engagement.deleteComment(target.authorId, target.postId, target.commentId);
    }
  }

  for (const { acts, handled } of script_.waves) {
    const known = [...world.dispatched];
    const chosen = known.length === 0 ? [] : handled.map((index) => at(known, index % known.length));
    await Promise.all([...acts.map(perform), ...chosen.map((entry) => world.handle(entry))]);
  }
  const left = shuffled(await world.pending(), script_.order);
  await Promise.all([...left, ...left.slice(0, 5)].map((entry) => world.handle(entry)));
  return { users, postIds, model };
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`no item ${index}`);
  return item;
}

function shuffled(entries: readonly OutboxEntry[], order: readonly number[]): OutboxEntry[] {
  return entries
    .map((entry, index) => ({ entry, place: order[index % Math.max(1, order.length)] ?? 0 }))
    .sort((left, right) => left.place - right.place)
    .map(({ entry }) => entry);
}

async function all<T extends Table>(world: SocialWorld, table: T): Promise<RowOf<T>[]> {
  const rows: RowOf<T>[] = [];
  for await (const row of world.store.scan(table)) rows.push(row);
  return rows;
}

function keysOf(map: ReadonlyMap<string, boolean>): string[] {
  return [...map].filter(([, active]) => active).map(([key]) => key);
}

for (const exposeHalfBatches of [false, true]) {
  test(`sides of edges agree, counts are those of the rows, each act is told once${exposeHalfBatches ? ', although readers see half batches' : ''}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(script, async (plan) => {
        const world = socialWorld({ exposeHalfBatches });
        const { users, postIds, model } = await play(world, plan);

        const followRows = await all(world, follows);
        const active = followRows.filter((row) => row.state === 'active');
        const sides = (rows: readonly { followerId: UserId; followedId: UserId; state: string; revision: number }[]) =>
          rows.map((row) => `${row.followerId}/${row.followedId} ${row.state} ${row.revision}`).sort();
        t.deepEqual(sides(await all(world, followers)), sides(followRows));
        t.deepEqual(active.map((row) => `${row.followerId}/${row.followedId}`).sort(), keysOf(model.follows).sort());

        const likeRows = await all(world, likesByUser);
        const likeSides = (rows: readonly { userId: UserId; postId: PostId; state: string; revision: number }[]) =>
          rows.map((row) => `${row.userId}/${row.postId} ${row.state} ${row.revision}`).sort();
        const liked = likeRows.filter((row) => row.state === 'active');
        t.deepEqual(likeSides(await all(world, likesByPost)), likeSides(likeRows));
        t.deepEqual(liked.map((row) => `${row.userId}/${row.postId}`).sort(), keysOf(model.likes).sort());

        const standing = (await all(world, comments)).filter((row) => row.state === 'active');
        const expected: [CountTarget, number][] = [
          ...users.flatMap((userId): [CountTarget, number][] => [
            [{ name: 'followers', userId }, active.filter((row) => row.followedId === userId).length],
            [{ name: 'following', userId }, active.filter((row) => row.followerId === userId).length],
          ]),
          ...postIds.flatMap((postId): [CountTarget, number][] => [
            [{ name: 'likes', postId }, liked.filter((row) => row.postId === postId).length],
            [{ name: 'comments', postId }, standing.filter((row) => row.postId === postId).length],
          ]),
        ];
        const keys = expected.map(([target]) => countKey(target));
        const numbers = expected.map(([, value]) => value);
        t.deepEqual(
          (await world.counters.read(keys)).map((count) => count.value),
          numbers,
        );
        t.deepEqual(await world.counts.read(keys), numbers);

        const told = await all(world, notifications);
        const tellings = (kind: string, userId: UserId, actorId: UserId, atMs: number) =>
          told.filter(
            (row) =>
              row.kind === kind &&
              row.userId === userId &&
              row.actorId === actorId &&
              timeOfId(row.notificationId) === atMs,
          ).length;
        for (const row of active) t.is(tellings('follow', row.followedId, row.followerId, row.sinceMs), 1);
        for (const row of liked) {
          const author = at(users, postIds.indexOf(row.postId));
          t.is(tellings('like', author, row.userId, row.likedAtMs), row.userId === author ? 0 : 1);
        }
        for (const row of standing) {
          const author = at(users, postIds.indexOf(row.postId));
          const about = told.filter((one) => one.commentId === row.commentId && one.userId === author);
          t.is(about.length, row.authorId === author ? 0 : 1);
        }
        t.false(told.some((row) => row.userId === row.actorId));
        for (const row of told) {
          t.true((world.inbox.get(row.userId) ?? []).some((one) => one.event.id.endsWith(row.notificationId)));
        }
      }),
      { numRuns: exposeHalfBatches ? 40 : 80 },
    );
  });
}
