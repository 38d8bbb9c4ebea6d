/** What keeps the system itself going: activity, outbox, idempotency, node slots. */
import type { ActivityId, OutboxId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Activity, Consumer } from '../activity.ts';
import { column, defineTable } from '../table.ts';

/** History, by hour since 1970 and shard. What a consumer can be rebuilt from. */
export const activities = defineTable({
  name: 'activities',
  columns: {
    hour: column.integer(),
    shard: column.integer(),
    activityId: column.text<ActivityId>(),
    activity: column.json<Activity>(),
  },
  partitionKey: ['hour', 'shard'],
  clusteringKey: ['activityId'],
  discipline: 'immutable',
  retentionMs: limits.activityRetentionMs,
});

/** What is still to be done for an activity, one row per consumer. Only the worker removes it, after its effects are acknowledged. */
export const outbox = defineTable({
  name: 'outbox',
  columns: {
    shard: column.integer(),
    minute: column.integer(),
    outboxId: column.text<OutboxId>(),
    consumer: column.text<Consumer>(),
    activityId: column.text<ActivityId>(),
    activity: column.json<Activity>(),
  },
  partitionKey: ['shard', 'minute'],
  clusteringKey: ['outboxId'],
  discipline: 'immutable',
  // Every row ends as done or as parked. An installation that was switched off for months still has its work to do.
  retentionMs: limits.activityRetentionMs,
});

/** What a worker gave up on, with the reason: moved here from the outbox in one batch. */
export const outboxParked = defineTable({
  name: 'outbox_parked',
  columns: {
    consumer: column.text<Consumer>(),
    outboxId: column.text<OutboxId>(),
    activityId: column.text<ActivityId>(),
    activity: column.json<Activity>(),
    reason: column.text(),
    parkedAtMs: column.integer(),
  },
  partitionKey: ['consumer'],
  clusteringKey: ['outboxId'],
  discipline: 'immutable',
  retentionMs: limits.outboxRetentionMs,
});

/** Oldest minute of a shard that may still hold outbox rows: where the sweeper begins after a restart. */
export const sweepMarks = defineTable({
  name: 'sweep_marks',
  columns: { shard: column.integer(), minute: column.integer(), revision: column.integer() },
  partitionKey: ['shard'],
  discipline: 'lww',
});

export const idempotency = defineTable({
  name: 'idempotency',
  columns: {
    userId: column.text(),
    operation: column.text(),
    key: column.text(),
    bodyHash: column.text(),
    /** Ids that every caller with this key uses, so that a rerun writes the same rows. */
    ids: column.json<readonly string[]>(),
    state: column.text<'claimed' | 'done'>(),
    result: column.nullable(column.json<unknown>()),
  },
  partitionKey: ['userId', 'operation', 'key'],
  discipline: 'fenced',
  retentionMs: limits.idempotencyRetentionMs,
});

/** Who may stamp ids with a slot, and up to which time: a ceiling reserved ahead, so that no clock can reissue an id. */
export const nodeSlots = defineTable({
  name: 'node_slots',
  columns: {
    slot: column.integer(),
    owner: column.text(),
    leaseUntilMs: column.integer(),
    ceilingMs: column.integer(),
  },
  partitionKey: ['slot'],
  discipline: 'fenced',
});
