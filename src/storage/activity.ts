/**
 * What happened (activity), and who has to act on it (consumers). A command writes, in one batch with its own rows, one
 * activity row and one outbox row per consumer: whatever dies afterwards, the work is still written down.
 */
import type { ActivityId, CommentId, IdSource, MediaId, OutboxId, PostId, PublishId, UserId } from '../ids.ts';
import { timeOfId } from '../ids.ts';
import { hourOf, minuteOf, shardOf } from './buckets.ts';
import { limits } from '../limits.ts';
import type { FollowerRange } from './repositories/follow-edges.ts';
import { type Mutation, putRow } from './store.ts';
import { activities, outbox } from './tables/operations.ts';

export type Activity =
  | { readonly kind: 'user.registered'; readonly userId: UserId }
  | {
      readonly kind: 'user.updated';
      readonly userId: UserId;
      /** The avatar that another took the place of, or that was taken away. */
      readonly replacedAvatarId: MediaId | null;
    }
  | { readonly kind: 'media.uploaded'; readonly mediaId: MediaId; readonly ownerId: UserId }
  | {
      /** What a worker apart made of a photo, for the nodes that hold posts and phones. */
      readonly kind: 'media.processed';
      readonly mediaId: MediaId;
      readonly outcome: 'viewable' | 'ready' | 'failed';
      /** Safe to show; empty unless it failed. */
      readonly reason: string;
    }
  | {
      readonly kind: 'post.published';
      readonly postId: PostId;
      readonly publishId: PublishId;
      readonly authorId: UserId;
    }
  | {
      readonly kind: 'post.updated';
      readonly postId: PostId;
      readonly authorId: UserId;
      readonly version: number;
      /** As what followers learn of it: an edit, or that all photos are there. */
      readonly event: 'post.updated' | 'media.ready';
    }
  | {
      readonly kind: 'post.deleted';
      readonly postId: PostId;
      readonly publishId: PublishId | null;
      readonly authorId: UserId;
      readonly version: number;
    }
  | {
      /** A part of a fan-out: what to tell, and which stored stretch of the follower list to tell it. */
      readonly kind: 'fan-out.chunk';
      readonly of: FannedOut;
      readonly range: FollowerRange;
    }
  | { readonly kind: 'follow.created'; readonly followerId: UserId; readonly followedId: UserId }
  | { readonly kind: 'follow.removed'; readonly followerId: UserId; readonly followedId: UserId }
  | { readonly kind: 'like.created'; readonly postId: PostId; readonly userId: UserId; readonly authorId: UserId }
  | { readonly kind: 'like.removed'; readonly postId: PostId; readonly userId: UserId; readonly authorId: UserId }
  | {
      readonly kind: 'comment.created';
      readonly postId: PostId;
      readonly commentId: CommentId;
      readonly userId: UserId;
      readonly authorId: UserId;
      readonly parentId: CommentId | null;
    }
  | {
      readonly kind: 'comment.deleted';
      readonly postId: PostId;
      readonly commentId: CommentId;
      readonly userId: UserId;
    };

/** What followers are told of. */
export type FannedOut = Extract<Activity, { kind: 'post.published' | 'post.updated' | 'post.deleted' }>;

/** Each has a queue of its own. */
export const CONSUMERS = [
  'fan-out',
  'fan-out-chunk',
  'media',
  'media-outcome',
  'photo-removal',
  'notifications',
  'counters',
] as const;

export type Consumer = (typeof CONSUMERS)[number];

/** Who acts on what. `photo-removal` takes away the photos of deleted posts and replaced avatars, and waits for no rendering. */
export const CONSUMERS_OF: { readonly [Kind in Activity['kind']]: readonly Consumer[] } = {
  'user.registered': [],
  'user.updated': ['photo-removal'],
  'media.uploaded': ['media'],
  'media.processed': ['media-outcome'],
  'post.published': ['fan-out', 'counters'],
  'post.updated': ['fan-out'],
  'post.deleted': ['fan-out', 'counters', 'photo-removal'],
  'fan-out.chunk': ['fan-out-chunk'],
  'follow.created': ['fan-out', 'notifications', 'counters'],
  'follow.removed': ['counters', 'fan-out'],
  'like.created': ['notifications', 'counters'],
  'like.removed': ['counters'],
  'comment.created': ['notifications', 'counters'],
  'comment.deleted': ['counters'],
};

/** One unit of a consumer's work: the outbox row, as it travels through the job queue. */
export interface OutboxEntry {
  readonly shard: number;
  readonly minute: number;
  readonly outboxId: OutboxId;
  readonly consumer: Consumer;
  readonly activityId: ActivityId;
  readonly activity: Activity;
}

export interface RecordedActivity {
  readonly activityId: ActivityId;
  /** To be written in the batch of the command. */
  readonly mutations: readonly Mutation[];
  /** To be handed to the dispatcher once the batch is acknowledged. */
  readonly entries: readonly OutboxEntry[];
}

/** The rows that write `activity` down. `subject` spreads the load: rows of one subject share a shard. */
export function recordActivity(ids: IdSource, activity: Activity, subject: string): RecordedActivity {
  const activityId = ids.next<ActivityId>();
  const shard = shardOf(subject, limits.outboxShards);
  const entries = CONSUMERS_OF[activity.kind].map((consumer): OutboxEntry => {
    const outboxId = ids.next<OutboxId>();
    return { shard, minute: minuteOf(timeOfId(outboxId)), outboxId, consumer, activityId, activity };
  });
  return {
    activityId,
    entries,
    mutations: [
      putRow(activities, { hour: hourOf(timeOfId(activityId)), shard, activityId, activity }),
      ...entries.map((entry) => putRow(outbox, entry)),
    ],
  };
}

/** Hands outbox entries to their queues at once. Call it after the batch was acknowledged; losing the call loses nothing. */
export type Dispatch = (entries: readonly OutboxEntry[]) => void;
