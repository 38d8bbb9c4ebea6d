/**
 * How an author's next post travels: written to each follower (`push`), or read from the author's list (`pull`).
 *
 *            followers ≥ threshold            graceMs later
 *   push ───────────────────────────► entered ─────────────► pull
 *     ▲                                  │                     │
 *     └────────── followers < hysteresis ┴─────────────────────┘
 *
 * Posts are pushed during the grace, until every node knows that this author is pulled. Each post records how it
 * travelled, so crossing in either direction loses and doubles nothing.
 */
import type { Clock } from '../../clock.ts';
import type { RevisionSource, UserId } from '../../ids.ts';
import type { PullAuthorRows } from '../../storage/repositories/pull-authors.ts';
import type { Delivery } from '../../storage/tables/posts.ts';
import type { PullAuthorsList } from './pull-authors-list.ts';

export interface DeliveryThresholds {
  /** Followers from which on an author is pulled. */
  readonly threshold: number;
  /** Followers below which a pulled author is pushed again. */
  readonly hysteresis: number;
  readonly graceMs: number;
}

export interface DeliveryState {
  readonly delivery: Delivery;
  readonly sinceMs: number;
}

/** The author's state from now on, and how a post published now travels. */
export function decideDelivery(
  current: DeliveryState | null,
  followerCount: number,
  nowMs: number,
  thresholds: DeliveryThresholds,
): { readonly state: DeliveryState; readonly post: Delivery } {
  const held = current ?? { delivery: 'push', sinceMs: nowMs };
  const state = nextState(held, followerCount, nowMs, thresholds);
  const pulled = state.delivery === 'pull' && nowMs - state.sinceMs >= thresholds.graceMs;
  return { state, post: pulled ? 'pull' : 'push' };
}

function nextState(
  held: DeliveryState,
  followerCount: number,
  nowMs: number,
  { threshold, hysteresis }: DeliveryThresholds,
): DeliveryState {
  if (held.delivery === 'push') return followerCount >= threshold ? { delivery: 'pull', sinceMs: nowMs } : held;
  return followerCount < hysteresis ? { delivery: 'push', sinceMs: nowMs } : held;
}

export interface AuthorDeliveryParts {
  readonly rows: PullAuthorRows;
  readonly list: PullAuthorsList;
  readonly followerCount: (userId: UserId) => Promise<number>;
  readonly clock: Clock;
  readonly revisions: RevisionSource;
  readonly thresholds: DeliveryThresholds;
}

export class AuthorDelivery {
  private readonly parts: AuthorDeliveryParts;

  constructor(parts: AuthorDeliveryParts) {
    this.parts = parts;
  }

  /** For a post that is published now. Called in the author's mailbox. */
  async choose(authorId: UserId): Promise<Delivery> {
    const { rows, list, followerCount, clock, revisions, thresholds } = this.parts;
    const [current, followers] = await Promise.all([rows.delivery(authorId), followerCount(authorId)]);
    if (current !== null) revisions.observe(current.revision);
    const { state, post } = decideDelivery(current, followers, clock.now(), thresholds);
    if (state.delivery === (current?.delivery ?? 'push')) return post;
    // On the list first: an author is never pulled without being on it.
    if (state.delivery === 'pull' && !(await list.enter(authorId))) return 'push';
    await rows.setDelivery({ authorId, ...state, revision: revisions.next() });
    return post;
  }
}
