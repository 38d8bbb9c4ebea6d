/**
 * The consumer `counters`: recounts what an activity may have changed, from the rows themselves. So it may run late,
 * twice or in any order: the last one leaves the right number. Activities of one subject that come together share a run.
 */
import { assertNever } from '../../assert-never.ts';
import type { Clock } from '../../clock.ts';
import type { RevisionSource } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { OutboxEntry } from '../../storage/activity.ts';
import { countLivePosts } from '../../storage/repositories/author-post-count.ts';
import type { Comments } from '../../storage/repositories/comments.ts';
import { type Counters, postSubject } from '../../storage/repositories/counters.ts';
import type { Likes } from '../../storage/repositories/likes.ts';
import type { StoredFollowEdges } from '../../storage/repositories/stored-follow-edges.ts';
import type { Store } from '../../storage/store.ts';
import type { LiveTopics } from '../services.ts';
import { CoalescedRuns } from './coalesced-runs.ts';
import { countKey, type CountTarget, targetsOf } from './count-targets.ts';
import type { LiveCounts } from './live-counts.ts';
import { shownPostCounts } from './post-counts.ts';

export interface CountersConsumerDependencies {
  readonly store: Store;
  readonly edges: StoredFollowEdges;
  readonly likes: Likes;
  readonly comments: Comments;
  readonly counters: Counters;
  readonly counts: LiveCounts;
  readonly topics: LiveTopics;
  readonly revisions: RevisionSource;
  readonly clock: Pick<Clock, 'now'>;
}

export class CountersConsumer {
  private readonly dependencies: CountersConsumerDependencies;
  private readonly runs = new CoalescedRuns();

  constructor(dependencies: CountersConsumerDependencies) {
    this.dependencies = dependencies;
  }

  async handle(entry: OutboxEntry): Promise<void> {
    await Promise.all(targetsOf(entry.activity).map((target) => this.recount(target)));
  }

  /** Resolves when a recount that began after this call is stored. */
  recount(target: CountTarget): Promise<void> {
    const { subject, name } = countKey(target);
    return this.runs.run(`${subject}/${name}`, () => this.recountNow(target));
  }

  private async recountNow(target: CountTarget): Promise<void> {
    const { counters, counts, revisions, topics } = this.dependencies;
    const key = countKey(target);
    const [before] = await counters.read([key]);
    revisions.observe(before?.revision ?? 0);
    // Drawn before the rows are read: of two recounts the one that began later wins.
    const revision = revisions.next();
    const stored = { value: await this.count(target), revision };
    await counters.put(key, stored);
    counts.recounted(key, stored);
    if ('postId' in target) {
      const [shown] = await shownPostCounts(counts, [target.postId]);
      topics.publish(postSubject(target.postId), 'counts', shown);
    }
  }

  private count(target: CountTarget): Promise<number> {
    const { store, edges, likes, comments, clock } = this.dependencies;
    // What is counted may be stamped by a clock ahead of ours.
    const nowMs = clock.now() + limits.overlapMs;
    switch (target.name) {
      case 'followers':
        return edges.countFollowers(target.userId);
      case 'following':
        return edges.countFollowed(target.userId);
      case 'posts':
        return countLivePosts(store, target.userId, nowMs);
      case 'likes':
        return likes.count(target.postId);
      case 'comments':
        return comments.count(target.postId, nowMs);
      default:
        return assertNever(target);
    }
  }
}
