/**
 * What can be wrong in an installation, one check a kind. A check walks its candidates and examines each alone by its key,
 * so that a suspicion can be examined again, after what was under way has settled, before it counts as a finding.
 */
import type { Clock } from '../../clock.ts';
import type { RevisionSource } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import type { Store } from '../../storage/store.ts';
import type { PendingWork } from './pending-work.ts';

export const FINDING_KINDS = {
  'orphan-blob': 'blobs that no row accounts for',
  'dangling-reference': 'rows that name photographs which are not there',
  'timeline-row': 'timeline rows of posts that are deleted, missing or not live',
  'author-list': 'author lists that differ from the posts',
  'follow-edge': 'follows whose two sides differ',
  'like-edge': 'likes whose two sides differ',
  'outbox-overdue': 'work written down longer ago than it may take',
  counter: 'counts that differ from what they count',
} as const;

export type FindingKind = keyof typeof FINDING_KINDS;

/** Bounded: what finds no room is found by the next run. */
export class Recount {
  private readonly ids = new Set<string>();

  add(...ids: readonly string[]): void {
    for (const id of ids) if (this.ids.size < limits.fsckPendingMax) this.ids.add(id);
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }
}

export interface FsckContext {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** Above every revision that a check has read. */
  readonly revisions: RevisionSource;
  /** Whether servers may be working on the same rows meanwhile. */
  readonly inUse: boolean;
  readonly pending: PendingWork;
  /** Users and posts of which something that is counted was mended by this run. */
  readonly recount: Recount;
}

export interface Wrong {
  /** For the operator: which rows or blobs, and how they differ. */
  readonly what: string;
  /** Repeating it is fine. False when only a running server can put it right. */
  readonly mend: () => Promise<boolean>;
}

export interface Check<Candidate> {
  readonly kind: FindingKind;
  candidates(): AsyncIterable<Candidate>;
  /** Null when nothing is wrong, or not yet to be judged. */
  examine(candidate: Candidate): Promise<Wrong | null>;
}

/** A check whatever its candidates are. */
export type AnyCheck = <Result>(use: <Candidate>(check: Check<Candidate>) => Result) => Result;

export function anyCheck<Candidate>(check: Check<Candidate>): AnyCheck {
  return (use) => use(check);
}
