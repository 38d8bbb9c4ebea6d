/** Posts and their media. */
import type { MediaId, PostId, PublishId, UserId } from '../../ids.ts';
import { column, defineTable } from '../table.ts';

export interface PostPhoto {
  readonly mediaId: MediaId;
  readonly altText: string;
}

export type PostState = 'draft' | 'live' | 'failed' | 'deleted';

/** How a post reaches followers: written to each (`push`), or read from the author's list (`pull`). */
export type Delivery = 'push' | 'pull';

export const posts = defineTable({
  name: 'posts',
  columns: {
    postId: column.text<PostId>(),
    authorId: column.text<UserId>(),
    /** Null until the post is live. */
    publishId: column.nullable(column.text<PublishId>()),
    state: column.text<PostState>(),
    caption: column.text(),
    photos: column.json<readonly PostPhoto[]>(),
    delivery: column.text<Delivery>(),
    /** Counts changes that viewers can see; clients apply only newer ones. */
    version: column.integer(),
    createdAtMs: column.integer(),
    editedAtMs: column.nullable(column.integer()),
    failureReason: column.nullable(column.text()),
    revision: column.integer(),
  },
  partitionKey: ['postId'],
  discipline: 'lww',
});

/** Live posts of an author, newest publication first, in buckets of a calendar month (year × 12 + month, UTC) of publishId. */
export const postsByAuthor = defineTable({
  name: 'posts_by_author',
  columns: {
    authorId: column.text<UserId>(),
    month: column.integer(),
    publishId: column.text<PublishId>(),
    postId: column.text<PostId>(),
    delivery: column.text<Delivery>(),
  },
  partitionKey: ['authorId', 'month'],
  clusteringKey: ['publishId'],
  order: 'descending',
  discipline: 'immutable',
});

export type MediaState = 'pending' | 'uploaded' | 'viewable' | 'ready' | 'failed' | 'gone';

export interface Rendition {
  /** Width asked for: 1080, 640, 320 or 150; the real one is smaller when the original is. */
  readonly size: number;
  readonly format: 'webp' | 'jpeg';
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly blobKey: string;
}

export const media = defineTable({
  name: 'media',
  columns: {
    mediaId: column.text<MediaId>(),
    ownerId: column.text<UserId>(),
    /** What it is for: a photo of this post, or an avatar. */
    postId: column.nullable(column.text<PostId>()),
    state: column.text<MediaState>(),
    /** Random; every blob of this medium has a key that starts with it, so a rerun writes the same keys. */
    blobPrefix: column.text(),
    contentType: column.text(),
    originalBytes: column.integer(),
    /** Of the upright picture; 0 until known. */
    width: column.integer(),
    height: column.integer(),
    /** Base64; empty until known. */
    thumbHash: column.text(),
    /** `#rrggbb`; empty until known. */
    dominantColor: column.text(),
    renditions: column.json<readonly Rendition[]>(),
    failureReason: column.nullable(column.text()),
    createdAtMs: column.integer(),
    revision: column.integer(),
  },
  partitionKey: ['mediaId'],
  discipline: 'lww',
});
