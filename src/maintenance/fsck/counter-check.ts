/** Shown counts are caches of what the rows say, recounted whenever something changed. */
import { assertNever } from '../../assert-never.ts';
import type { PostId, UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { countLivePosts } from '../../storage/repositories/author-post-count.ts';
import { Comments } from '../../storage/repositories/comments.ts';
import { type CountKey, Counters, postSubject, userSubject } from '../../storage/repositories/counters.ts';
import { Likes } from '../../storage/repositories/likes.ts';
import { StoredFollowEdges } from '../../storage/repositories/stored-follow-edges.ts';
import { users } from '../../storage/tables/accounts.ts';
import { posts } from '../../storage/tables/posts.ts';
import type { Check, FsckContext } from './check.ts';

type Counted =
  | { readonly name: 'followers' | 'following' | 'posts'; readonly userId: UserId }
  | { readonly name: 'likes' | 'comments'; readonly postId: PostId };

export function counterCheck(context: FsckContext): Check<Counted> {
  const { store, clock, revisions, inUse, pending, recount } = context;
  const counters = new Counters(store);
  return {
    kind: 'counter',
    candidates: () => countedThings(context),
    async examine(counted) {
      const key = keyOf(counted);
      const [shown] = await counters.read([key]);
      const value = await count(context, counted);
      if (shown === undefined || shown.value === value) return null;
      const id = 'userId' in counted ? counted.userId : counted.postId;
      if (pending.concerns(id)) return null;
      // Counted a moment ago by a server, and changing; unless it is our own doing that it is wrong.
      const isYoung = shown.revision / 1000 > clock.now() - limits.outboxOverdueMs;
      if (inUse && isYoung && !recount.has(id)) return null;
      return {
        what: `${counted.name} of ${key.subject}: shown ${shown.value}, there are ${value}`,
        async mend() {
          revisions.observe(shown.revision);
          // Drawn before the rows are read: a server that counts later wins.
          const revision = revisions.next();
          await counters.put(key, { value: await count(context, counted), revision });
          return true;
        },
      };
    },
  };
}

async function* countedThings({ store }: FsckContext): AsyncGenerator<Counted> {
  for await (const { userId, state } of store.scan(users)) {
    if (state === 'gone') continue;
    for (const name of ['followers', 'following', 'posts'] as const) yield { name, userId };
  }
  for await (const { postId, state } of store.scan(posts)) {
    if (state !== 'live') continue;
    for (const name of ['likes', 'comments'] as const) yield { name, postId };
  }
}

function keyOf(counted: Counted): CountKey {
  const subject = 'userId' in counted ? userSubject(counted.userId) : postSubject(counted.postId);
  return { subject, name: counted.name };
}

function count({ store, clock }: FsckContext, counted: Counted): Promise<number> {
  // What is counted may be stamped by a clock ahead of ours.
  const nowMs = clock.now() + limits.overlapMs;
  switch (counted.name) {
    case 'followers':
      return new StoredFollowEdges(store).countFollowers(counted.userId);
    case 'following':
      return new StoredFollowEdges(store).countFollowed(counted.userId);
    case 'posts':
      return countLivePosts(store, counted.userId, nowMs);
    case 'likes':
      return new Likes(store).count(counted.postId);
    case 'comments':
      return new Comments(store).count(counted.postId, nowMs);
    default:
      return assertNever(counted);
  }
}
