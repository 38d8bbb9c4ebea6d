/** Accounts: users, the names and addresses they claim, how they prove who they are, and where they are signed in. */
import type { MediaId, SessionId, UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import { column, defineTable } from '../table.ts';

export const users = defineTable({
  name: 'users',
  columns: {
    userId: column.text<UserId>(),
    username: column.text(),
    displayName: column.text(),
    bio: column.text(),
    avatarMediaId: column.nullable(column.text<MediaId>()),
    state: column.text<'active' | 'suspended' | 'gone'>(),
    createdAtMs: column.integer(),
    revision: column.integer(),
  },
  partitionKey: ['userId'],
  discipline: 'lww',
});

/** Who holds a name or an address. A claim that no user row followed within ten minutes may be taken over. */
export const claims = defineTable({
  name: 'claims',
  columns: {
    kind: column.text<'username' | 'email'>(),
    /** Folded: lower case, NFKC. */
    value: column.text(),
    userId: column.text<UserId>(),
    claimedAtMs: column.integer(),
  },
  partitionKey: ['kind', 'value'],
  discipline: 'fenced',
});

export const credentials = defineTable({
  name: 'credentials',
  columns: {
    userId: column.text<UserId>(),
    email: column.text(),
    passwordHash: column.text(),
    revision: column.integer(),
  },
  partitionKey: ['userId'],
  discipline: 'lww',
});

/** One row per signed-in device; also the family of its refresh tokens (see gateway/auth). */
export const sessions = defineTable({
  name: 'sessions',
  columns: {
    sessionId: column.text<SessionId>(),
    userId: column.text<UserId>(),
    device: column.text(),
    /** Counts rotations: the refresh token in force is derived from it, so a lost answer can be repeated. */
    generation: column.integer(),
    rotatedAtMs: column.integer(),
    createdAtMs: column.integer(),
    state: column.text<'active' | 'revoked'>(),
  },
  partitionKey: ['sessionId'],
  discipline: 'fenced',
  retentionMs: limits.refreshTokenRetentionMs,
});

export const sessionsByUser = defineTable({
  name: 'sessions_by_user',
  columns: {
    userId: column.text<UserId>(),
    sessionId: column.text<SessionId>(),
    device: column.text(),
    createdAtMs: column.integer(),
  },
  partitionKey: ['userId'],
  clusteringKey: ['sessionId'],
  order: 'descending',
  discipline: 'immutable',
  retentionMs: limits.refreshTokenRetentionMs,
});

/** Recent revocations by minute: what nodes poll. Kept longer than any access token or ticket lives. */
export const revocations = defineTable({
  name: 'revocations',
  columns: {
    minute: column.integer(),
    sessionId: column.text<SessionId>(),
    userId: column.text<UserId>(),
    revokedAtMs: column.integer(),
  },
  partitionKey: ['minute'],
  clusteringKey: ['sessionId'],
  discipline: 'immutable',
  retentionMs: 2 * limits.accessTokenSeconds * 1000,
});
