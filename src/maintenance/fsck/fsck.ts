/**
 * Compares everything that is kept twice, and finds what is left over or missing. Memory is bounded by a page of
 * candidates and of suspicions, however large the installation is. Repairing is idempotent: broken off, it is run again.
 */
import { sleep, type Clock } from '../../clock.ts';
import { RevisionSource } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { BlobReconciler } from '../../media/blob-reconciler.ts';
import { inParallel } from '../../parallel.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import type { Store } from '../../storage/store.ts';
import { inPages } from '../pages.ts';
import { listedPostsCheck, unlistedPostsCheck } from './author-list-checks.ts';
import { orphanCheck, referenceCheck } from './blob-checks.ts';
import {
  type AnyCheck,
  anyCheck,
  type Check,
  FINDING_KINDS,
  type FindingKind,
  type FsckContext,
  Recount,
  type Wrong,
} from './check.ts';
import { counterCheck } from './counter-check.ts';
import { followChecks, likeChecks } from './edge-checks.ts';
import { outboxCheck } from './outbox-check.ts';
import { PendingWork } from './pending-work.ts';
import { timelineCheck } from './timeline-check.ts';

export interface FsckOptions {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether servers may be running on the same store. */
  readonly inUse: boolean;
  readonly repair: boolean;
}

export interface KindReport {
  readonly examined: number;
  readonly found: number;
  readonly mended: number;
  /** The first few. */
  readonly examples: readonly string[];
}

export type FsckReport = Readonly<Record<FindingKind, KindReport>>;

type Tally = { examined: number; found: number; mended: number; examples: string[] };

export async function fsck(options: FsckOptions): Promise<FsckReport> {
  const { store, blobs, clock, log, inUse } = options;
  const revisions = new RevisionSource(clock);
  const pending = new PendingWork(store, () => clock.now());
  const context: FsckContext = { store, blobs, clock, revisions, inUse, pending, recount: new Recount() };
  await pending.load(inUse);
  const tallies = emptyTallies();
  for (const check of checksOf(context, new BlobReconciler({ store, blobs, clock, log }))) {
    await check((each) => run(each, context, { tally: tallies[each.kind], repair: options.repair }));
  }
  return tallies;
}

function emptyTallies(): Record<FindingKind, Tally> {
  const none = (): Tally => ({ examined: 0, found: 0, mended: 0, examples: [] });
  return {
    'orphan-blob': none(),
    'dangling-reference': none(),
    'timeline-row': none(),
    'author-list': none(),
    'follow-edge': none(),
    'like-edge': none(),
    'outbox-overdue': none(),
    counter: none(),
  };
}

/** Counts come last: what was mended before them is counted. */
function checksOf(context: FsckContext, reconciler: BlobReconciler): AnyCheck[] {
  return [
    anyCheck(orphanCheck(context, reconciler)),
    anyCheck(referenceCheck(context)),
    anyCheck(timelineCheck(context)),
    anyCheck(listedPostsCheck(context)),
    anyCheck(unlistedPostsCheck(context)),
    ...followChecks(context).map((check) => anyCheck(check)),
    ...likeChecks(context).map((check) => anyCheck(check)),
    anyCheck(outboxCheck(context)),
    anyCheck(counterCheck(context)),
  ];
}

async function run<Candidate>(
  check: Check<Candidate>,
  context: FsckContext,
  { tally, repair }: { readonly tally: Tally; readonly repair: boolean },
): Promise<void> {
  let suspects: Candidate[] = [];
  for await (const page of inPages(check.candidates(), limits.fsckPage)) {
    tally.examined += page.length;
    const wrong = await inParallel(page, limits.fsckConcurrent, (candidate) => check.examine(candidate));
    suspects.push(...page.filter((_, index) => wrong[index] !== null));
    if (suspects.length < limits.fsckPage) continue;
    await settle(check, context, { suspects, tally, repair });
    suspects = [];
  }
  await settle(check, context, { suspects, tally, repair });
}

/** Judges suspicions once what was under way is over, and mends what is really wrong. */
async function settle<Candidate>(
  check: Check<Candidate>,
  { clock, inUse, pending }: FsckContext,
  {
    suspects,
    tally,
    repair,
  }: { readonly suspects: readonly Candidate[]; readonly tally: Tally; readonly repair: boolean },
): Promise<void> {
  if (suspects.length === 0) return;
  if (inUse) {
    await sleep(clock, limits.fsckSettleMs);
    await pending.load(inUse);
  }
  for (const suspect of suspects) {
    // One after the other: mending one may mend the next, such as the other side of the same edge.
    const wrong = await check.examine(suspect);
    if (wrong === null) continue;
    await record(wrong, tally, repair);
  }
}

async function record(wrong: Wrong, tally: Tally, repair: boolean): Promise<void> {
  tally.found++;
  if (tally.examples.length < limits.fsckExamples) tally.examples.push(wrong.what);
  if (repair && (await wrong.mend())) tally.mended++;
}

/** One line a kind, its examples below it. */
export function fsckLines(report: FsckReport, repair: boolean): string[] {
  return (Object.keys(FINDING_KINDS) as FindingKind[]).flatMap((kind) => {
    const { examined, found, mended, examples } = report[kind];
    const outcome = repair && found > 0 ? `, ${mended} mended` : '';
    const more = found > examples.length ? [`    … and ${found - examples.length} more`] : [];
    return [
      `${found === 0 ? 'ok  ' : 'BAD '} ${kind}: ${found} ${FINDING_KINDS[kind]} (${examined} examined${outcome})`,
      ...examples.map((example) => `    ${example}`),
      ...more,
    ];
  });
}

/** How many findings are still there. */
export function leftWrong(report: FsckReport): number {
  return Object.values(report).reduce((sum, { found, mended }) => sum + found - mended, 0);
}
