/** What a user's feed shows (timeline), and what a device may have missed (inbox). See DESIGN §4. */
import type { ArrivalId, EventId, PostId, PublishId, UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { column, defineTable } from '../table.ts';

/** Idempotent by key. Readers show the newest `timelineEntries`. */
export const timeline = defineTable({
  name: 'timeline',
  columns: {
    userId: column.text<UserId>(),
    publishId: column.text<PublishId>(),
    postId: column.text<PostId>(),
    authorId: column.text<UserId>(),
  },
  partitionKey: ['userId'],
  clusteringKey: ['publishId'],
  order: 'descending',
  discipline: 'immutable',
  retentionMs: limits.timelineRetentionMs,
});

/** Append-only, in order of arrival; `day` = days since 1970 of arrivalId. A rerun appends again; readers drop doubles by eventId. */
export const inbox = defineTable({
  name: 'inbox',
  columns: {
    userId: column.text<UserId>(),
    day: column.integer(),
    arrivalId: column.text<ArrivalId>(),
    eventId: column.text<EventId>(),
    type: column.text(),
    atMs: column.integer(),
    /** References, not bodies: what is shown is read fresh and checked against the rules. */
    references: column.json<Readonly<Record<string, string>>>(),
  },
  partitionKey: ['userId', 'day'],
  clusteringKey: ['arrivalId'],
  discipline: 'immutable',
  retentionMs: limits.inboxRetentionMs,
});
