/** Who follows whom, and how posts of an author travel. */
import type { UserId } from '../../ids.ts';
import { column, defineTable } from '../table.ts';
import type { Delivery } from './posts.ts';

export const follows = defineTable({
  name: 'follows',
  columns: {
    followerId: column.text<UserId>(),
    followedId: column.text<UserId>(),
    state: column.text<'active' | 'gone'>(),
    sinceMs: column.integer(),
    revision: column.integer(),
  },
  partitionKey: ['followerId'],
  clusteringKey: ['followedId'],
  discipline: 'lww',
});

/** The same edges from the other side; `bucket` = hash of followerId (storage/buckets.ts). */
export const followers = defineTable({
  name: 'followers',
  columns: {
    followedId: column.text<UserId>(),
    bucket: column.integer(),
    followerId: column.text<UserId>(),
    state: column.text<'active' | 'gone'>(),
    sinceMs: column.integer(),
    revision: column.integer(),
  },
  partitionKey: ['followedId', 'bucket'],
  clusteringKey: ['followerId'],
  discipline: 'lww',
});

/** Authors that were ever pulled: append-only, read whole by every node. One partition, bounded by `pullAuthorsMax`. */
export const pullAuthors = defineTable({
  name: 'pull_authors',
  columns: {
    list: column.text<'all'>(),
    authorId: column.text<UserId>(),
    enteredAtMs: column.integer(),
  },
  partitionKey: ['list'],
  clusteringKey: ['authorId'],
  discipline: 'immutable',
});

/** How an author's next post will travel; absent: push. */
export const authorDelivery = defineTable({
  name: 'author_delivery',
  columns: {
    authorId: column.text<UserId>(),
    delivery: column.text<Delivery>(),
    /** Pulling begins `celebrityGraceMs` after it, when every node has the new list. */
    sinceMs: column.integer(),
    revision: column.integer(),
  },
  partitionKey: ['authorId'],
  discipline: 'lww',
});

/** Caches of counts, recounted by the `counters` consumer: subject is `user:<id>` or `post:<id>`. */
export const counters = defineTable({
  name: 'counters',
  columns: {
    subject: column.text(),
    name: column.text<'followers' | 'following' | 'posts' | 'likes' | 'comments'>(),
    value: column.integer(),
    revision: column.integer(),
  },
  partitionKey: ['subject'],
  clusteringKey: ['name'],
  discipline: 'lww',
});
